"""Handing a file over: into container `batch-in`, where its arrival is the request. A job of Sluice's does the rest."""

from dataclasses import dataclass
from pathlib import Path

from shared.adapters.azure.batch_files import BlobBatchFiles
from shared.adapters.azure.storage import storage_clients


@dataclass(frozen=True, slots=True)
class Sent:
    """The blob's name in `batch-in`, and the ETag by which this very content is known in every event about it."""

    name: str
    etag: str


async def send(address: str, endpoint: str, source: Path, name: str) -> Sent:
    """Replaces a blob of the same name, which is new work. Raises `Refused` or `Unavailable`."""
    clients = storage_clients(address)
    blob = f"{endpoint}/{name}"
    try:
        return Sent(blob, await BlobBatchFiles(clients.blobs).put(blob, source))
    finally:
        await clients.close()
