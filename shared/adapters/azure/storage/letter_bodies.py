"""Bodies of dead letters as blobs; a rule of the account deletes them some days after they were last written."""

from hashlib import sha256

from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.digested import place_of, read_digested
from shared.ports import LetterBodies


class BlobLetterBodies(LetterBodies):
    def __init__(self, blobs: BlobServiceClient, container: str = "letters") -> None:
        self._container = blobs.get_container_client(container)

    async def keep(self, body: bytes) -> str:
        digest = sha256(body).hexdigest()
        with storage_errors(f"keep the body {digest} of a dead letter"):
            # Written again, so that the days of a message that was buried before begin anew.
            await self._container.upload_blob(place_of(digest), body, overwrite=True)
        return digest

    async def read(self, digest: str) -> bytes:
        return await read_digested(self._container, digest)
