"""The workspace's blob storage: job outputs, code and models, through the real storage client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerSasPermissions, generate_container_sas
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

CONTAINER = "azureml"


@dataclass(frozen=True)
class Place:
    """A blob or a folder of blobs."""

    container: str
    path: str


class Storage:
    def __init__(self, connection: str) -> None:
        self._connection = connection
        parts = dict(part.partition("=")[::2] for part in connection.split(";") if part)
        self.account = parts["AccountName"]
        self._key = parts["AccountKey"]
        self._endpoint = parts.get("BlobEndpoint", f"https://{self.account}.blob.core.windows.net").rstrip("/")

    def url(self, place: Place) -> str:
        return f"{self._endpoint}/{place.container}/{place.path}".rstrip("/")

    def place(self, url: str) -> Place | None:
        """The place a blob URL of this account names, with or without SAS; None for any other URL."""
        wanted, own = urlsplit(url), urlsplit(self._endpoint)
        prefix = own.path.rstrip("/") + "/"
        if (wanted.scheme, wanted.netloc) != (own.scheme, own.netloc) or not wanted.path.startswith(prefix):
            return None
        container, _, path = wanted.path[len(prefix) :].partition("/")
        return Place(container, path)

    def sas(self, container: str) -> str:
        """A SAS for reading and writing one container for a day."""
        return generate_container_sas(
            self.account,
            container,
            account_key=self._key,
            permission=ContainerSasPermissions(read=True, write=True, create=True, list=True, add=True),
            start=datetime.now(UTC) - timedelta(minutes=5),
            expiry=datetime.now(UTC) + timedelta(days=1),
        )

    async def ensure(self, container: str) -> None:
        async with self._container(container) as client:
            await _create(client)

    async def upload(self, folder: Path, place: Place) -> int:
        """Upload every file below the folder; answers how many."""
        files = await asyncio.to_thread(_files, folder)
        async with self._container(place.container) as client:
            await _create(client)
            for path in files:
                name = f"{place.path.rstrip('/')}/{path.relative_to(folder).as_posix()}"
                with path.open("rb") as data:
                    await client.upload_blob(name, data, overwrite=True)
        return len(files)

    async def download(self, place: Place, target: Path) -> Path | None:
        """Bring a blob or a folder of blobs under `target`; answers the file or folder, or None when there is none."""
        prefix = place.path.strip("/")
        found = None
        async with self._container(place.container) as client:
            async for blob in client.list_blobs(name_starts_with=prefix):
                if blob.name == prefix:
                    found = target / Path(prefix).name
                    await _fetch(client, blob.name, found)
                elif not prefix or blob.name.startswith(f"{prefix}/"):
                    found = target
                    await _fetch(client, blob.name, target / blob.name[len(prefix) :].lstrip("/"))
        return found

    async def blobs_of(self, container: str) -> list[BlobProperties]:
        """Every blob of a container; none while there is no container."""
        async with self._container(container) as client:
            try:
                return [blob async for blob in client.list_blobs()]
            except ResourceNotFoundError:
                return []

    async def exists(self, place: Place) -> bool:
        """Whether there is a blob of this name or below it."""
        prefix = place.path.strip("/")
        async with self._container(place.container) as client:
            if not await client.exists():
                return False
            async for blob in client.list_blobs(name_starts_with=prefix):
                if blob.name == prefix or blob.name.startswith(f"{prefix}/"):
                    return True
        return False

    @asynccontextmanager
    async def _container(self, name: str) -> AsyncIterator[ContainerClient]:
        async with BlobServiceClient.from_connection_string(self._connection) as service:
            yield service.get_container_client(name)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


async def _create(client: ContainerClient) -> None:
    try:
        await client.create_container()
    except ResourceExistsError:
        return


async def _fetch(client: ContainerClient, blob: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    stream = await client.download_blob(blob)
    with file.open("wb") as out:
        async for chunk in stream.chunks():
            out.write(chunk)
