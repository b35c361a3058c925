"""The three things we do with blobs: write once, read whole, list a folder."""

from azure.storage.blob.aio import ContainerClient

from shared.adapters.azure.storage.account import storage_errors
from shared.ports import Moved


async def create(container: ContainerClient, name: str, body: bytes) -> None:
    """Write a blob that must not exist yet; one that does stays as it is."""
    try:
        with storage_errors(f"write {container.container_name}/{name}"):
            await container.upload_blob(name, body, overwrite=False)
    except Moved:
        return


async def download(container: ContainerClient, name: str) -> bytes:
    """The whole blob; raises `Absent`."""
    with storage_errors(f"read {container.container_name}/{name}"):
        return await (await container.download_blob(name)).readall()


async def sizes(container: ContainerClient, folder: str) -> dict[str, int]:
    """Bytes of every blob below `folder`, by its name relative to it."""
    prefix = folder.rstrip("/") + "/"
    with storage_errors(f"list {container.container_name}/{prefix}"):
        found = {blob.name.removeprefix(prefix): blob.size async for blob in container.list_blobs(prefix)}
    return {name: size for name, size in found.items() if name}
