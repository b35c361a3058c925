"""Handing a file over: into container `batch-in`, where its arrival is the request. A job of Sluice's does the rest."""

from dataclasses import dataclass
from pathlib import Path

from function_app.operator.connections import storage_at
from shared.adapters.azure.storage.batch_files import BlobBatchFiles


@dataclass(frozen=True, slots=True)
class Sent:
    """The blob's name in `batch-in`, and the ETag by which this very content is known in every event about it."""

    name: str
    etag: str


async def send(address: str, endpoint: str, source: Path, options: str) -> Sent:
    """Replaces a blob of the same name, which is new work. Raises `Refused` or `Unavailable`."""
    blob = f"{endpoint}/{source.name}"
    async with storage_at(address, "BATCH_STORAGE") as clients:
        return Sent(blob, await BlobBatchFiles(clients.blobs).put(blob, source, options))
