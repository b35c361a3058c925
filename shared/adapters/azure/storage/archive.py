"""The archive as blobs at `<first two digits>/<digest>`; a rule of the account deletes them when their life is over."""

from hashlib import sha256

from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.blobs import create
from shared.adapters.azure.storage.digested import place_of, read_digested
from shared.ports import Archive


class BlobArchive(Archive):
    def __init__(self, blobs: BlobServiceClient, container: str = "archive") -> None:
        self._container = blobs.get_container_client(container)

    async def keep(self, piece: bytes) -> str:
        digest = sha256(piece).hexdigest()
        await create(self._container, place_of(digest), piece)
        return digest

    async def read(self, digest: str) -> bytes:
        return await read_digested(self._container, digest)
