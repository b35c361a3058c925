"""Captured rows and labels as blobs `<endpoint>/<name>.jsonl`, each written once."""

from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.adapters.azure.storage.blobs import create
from shared.adapters.names import is_path
from shared.events import EndpointRef
from shared.ports import Captures, Refused


class BlobCaptures(Captures):
    def __init__(self, blobs: BlobServiceClient, captures: str = "captures", labels: str = "labels") -> None:
        self._captures = blobs.get_container_client(captures)
        self._labels = blobs.get_container_client(labels)

    async def keep_predictions(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        await _keep(self._captures, endpoint, name, body)

    async def keep_labels(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        await _keep(self._labels, endpoint, name, body)


async def _keep(container: ContainerClient, endpoint: EndpointRef, name: str, body: bytes) -> None:
    if not is_path(name):
        raise Refused(f"name: {name[:80]!r} cannot name a blob")
    await create(container, f"{endpoint.entity.table_key}/{name}.jsonl", body)
