"""Model packages as blobs: the teams' own in the storage of their datastores, adopted ones at `<digest>/<file>`."""

import re
from collections.abc import Mapping

from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.adapters.azure.storage.blobs import create, download, sizes
from shared.adapters.names import is_path
from shared.adapters.package_digest import require_digest
from shared.packages.files import FILES, LARGEST_PACKAGE, MOST_EXTRA
from shared.ports import Absent, ModelPackages, Refused

_LOCATION = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    r"datastores/(?P<datastore>[A-Za-z0-9_]+)/paths/(?P<path>[^?#]+)",
    re.IGNORECASE,
)
_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_ADOPTED = re.compile(f"[0-9a-f]{{64}}/({_NAME}/)?{_NAME}")
_MOST_FILES = len(FILES) + MOST_EXTRA
DATASTORES = {"workspaceblobstore": "azureml"}


class BlobModelPackages(ModelPackages):
    """`datastores` maps the datastores we may read to containers; `limit_bytes` bounds a whole package."""

    def __init__(
        self,
        blobs: BlobServiceClient,
        datastores: Mapping[str, str | ContainerClient] = DATASTORES,
        container: str = "models",
        limit_bytes: int = LARGEST_PACKAGE,
    ) -> None:
        self._datastores = {
            name.lower(): blobs.get_container_client(target) if isinstance(target, str) else target
            for name, target in datastores.items()
        }
        self._adopted = blobs.get_container_client(container)
        self._limit_bytes = limit_bytes

    async def fetch(self, location: str) -> Mapping[str, bytes]:
        container, folder = self._folder(location)
        found = await sizes(container, folder)
        if not found:
            raise Absent(f"{location}: no files")
        if len(found) > _MOST_FILES or sum(found.values()) > self._limit_bytes:
            raise Refused(f"{location}: more than {_MOST_FILES} files or {self._limit_bytes} bytes")
        return {name: await download(container, f"{folder}/{name}") for name in sorted(found)}

    def _folder(self, location: str) -> tuple[ContainerClient, str]:
        match = _LOCATION.fullmatch(location)
        if match is None:
            raise Refused(f"location: {location[:300]!r} is not a path in a datastore")
        container = self._datastores.get(match["datastore"].lower())
        if container is None:
            raise Refused(f"location: datastore {match['datastore']!r} is not one of ours")
        folder = match["path"].rstrip("/")
        if not is_path(folder):
            raise Refused(f"location: {location[:300]!r} does not name a folder")
        return container, folder

    async def adopt(self, digest: str, files: Mapping[str, bytes]) -> None:
        require_digest(digest, files)
        for name, body in files.items():
            await create(self._adopted, f"{digest}/{name}", body)

    async def read(self, digest: str, name: str) -> bytes:
        path = f"{digest}/{name}"
        if not _ADOPTED.fullmatch(path):
            raise Absent(f"package {digest[:80]!r} has no file {name[:80]!r}")
        return await download(self._adopted, path)
