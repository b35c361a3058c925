"""What a job reads and writes: packages, captured rows, labels and files in, evidence and scored rows out."""

import asyncio
from collections.abc import AsyncIterator

from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from function_app.jobs.batch.blobs import BatchBlobs
from shared.adapters.azure.blobs import download
from shared.adapters.azure.evidence import BlobEvidence
from shared.adapters.azure.model_packages import BlobModelPackages
from shared.adapters.azure.storage import storage_errors
from shared.events import EndpointRef, LabelsRecorded, PackageRef, PredictionsCaptured
from shared.packages import FILES, ModelPackage, NotAPackage, read_package

_AT_ONCE = 16


class JobStorage:
    """All methods raise `Unavailable`, and `Absent` or `Refused` as the ports do."""

    def __init__(self, blobs: BlobServiceClient) -> None:
        self.evidence = BlobEvidence(blobs)
        self.packages = BlobModelPackages(blobs)
        self.batch = BatchBlobs(blobs)
        self._reports = blobs.get_container_client("evidence")
        self._captures = blobs.get_container_client("captures")
        self._labels = blobs.get_container_client("labels")

    async def package(self, ref: PackageRef) -> tuple[ModelPackage, dict[str, bytes]]:
        """The package and its files; raises `NotAPackage` also when they are not those of the digest."""
        bodies = await asyncio.gather(*(self.packages.read(ref.digest, name) for name in FILES))
        files = dict(zip(FILES, bodies, strict=True))
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

    async def captures(self, endpoint: EndpointRef) -> list[PredictionsCaptured]:
        return [PredictionsCaptured.model_validate_json(body) async for body in _bodies(self._captures, endpoint)]

    async def labels(self, endpoint: EndpointRef) -> list[LabelsRecorded]:
        return [LabelsRecorded.model_validate_json(body) async for body in _bodies(self._labels, endpoint)]


async def _bodies(container: ContainerClient, endpoint: EndpointRef) -> AsyncIterator[bytes]:
    """Every blob of the endpoint, in the order of the names, some read ahead."""
    prefix = f"{endpoint.entity.table_key}/"
    with storage_errors(f"list {container.container_name}/{prefix}"):
        names = [name async for name in container.list_blob_names(name_starts_with=prefix)]
    for start in range(0, len(names), _AT_ONCE):
        batch = names[start : start + _AT_ONCE]
        for body in await asyncio.gather(*(download(container, name) for name in batch)):
            yield body
