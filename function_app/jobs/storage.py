"""What a job reads and writes: packages, captured rows, labels and files in, evidence and scored rows out."""

from azure.storage.blob.aio import BlobServiceClient

from function_app.jobs.batch.blobs import BatchBlobs
from function_app.jobs.kept import Kept
from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.events import LabelsRecorded, PackageRef, PredictionsCaptured
from shared.packages import ModelPackage, NotAPackage, fetch_files, read_package


class JobStorage:
    """All methods raise `Unavailable`, and `Absent` or `Refused` as the ports do."""

    def __init__(self, blobs: BlobServiceClient) -> None:
        self.evidence = BlobEvidence(blobs)
        self.packages = BlobModelPackages(blobs)
        self.batch = BatchBlobs(blobs)
        self._reports = blobs.get_container_client("evidence")
        self.captures = Kept(blobs.get_container_client("captures"), PredictionsCaptured)
        self.labels = Kept(blobs.get_container_client("labels"), LabelsRecorded)

    async def package(self, ref: PackageRef) -> tuple[ModelPackage, dict[str, bytes]]:
        """The package and its files; raises `NotAPackage` also when they are not those of the digest."""
        files = await fetch_files(lambda name: self.packages.read(ref.digest, name))
        package = read_package(files)
        if package.digest != ref.digest:
            raise NotAPackage("package", f"its digest is {package.digest}, not {ref.digest}")
        return package, files

    async def keep_report(self, job: str, body: bytes) -> str:
        """The pointer is written last, so a report that is found is complete; running a job again replaces it."""
        digest = await self.evidence.keep(body)
        with storage_errors(f"write reports/{job}"):
            await self._reports.upload_blob(f"reports/{job}", digest.encode(), overwrite=True)
        return digest
