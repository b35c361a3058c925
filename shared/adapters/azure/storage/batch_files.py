"""Files to score as blobs of container `batch-in`, read under the ETag they were asked for with."""

from pathlib import Path

from azure.core import MatchConditions
from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.names import is_path
from shared.ports import BatchFile, BatchFiles, Refused

# The blob's metadata that says how it is to be read.
_OPTIONS = "sluice_options"


class BlobBatchFiles(BatchFiles):
    def __init__(self, blobs: BlobServiceClient, container: str = "batch-in") -> None:
        self._container = blobs.get_container_client(container)

    async def look(self, name: str) -> BatchFile:
        with storage_errors(f"look at {_checked(name)!r}"):
            found = await self._container.get_blob_client(name).get_blob_properties()
        return BatchFile(etag=found.etag.strip('"'), size=found.size)

    async def fetch(self, name: str, etag: str, path: Path) -> str:
        """Into a file, block by block; the options it was put with.

        Raises `Moved` when the blob has another ETag by now, or as `look` does.
        """
        blob = self._container.get_blob_client(_checked(name))
        with storage_errors(f"read {name!r}"):
            found = await blob.download_blob(etag=f'"{etag}"', match_condition=MatchConditions.IfNotModified)
            with path.open("wb") as file:
                async for block in found.chunks():
                    file.write(block)
        return str((found.properties.metadata or {}).get(_OPTIONS, ""))

    async def put(self, name: str, path: Path, options: str = "") -> str:
        """Its ETag; what was under this name is replaced. `options`, in ASCII, go with this version of it."""
        blob = self._container.get_blob_client(_checked(name))
        with storage_errors(f"write {name!r}"), path.open("rb") as file:
            written = await blob.upload_blob(file, overwrite=True, metadata={_OPTIONS: options} if options else None)
        return str(written["etag"]).strip('"')


def _checked(name: str) -> str:
    if not is_path(name):
        raise Refused(f"name: {name[:80]!r} cannot name a file to score")
    return name
