"""Model packages in dictionaries; `locations` holds what lies in the teams' own storage."""

from collections.abc import Mapping

from shared.adapters.package_digest import require_digest
from shared.ports import Absent, ModelPackages, Refused


class MemoryModelPackages(ModelPackages):
    def __init__(self, limit_bytes: int = 512 * 1024 * 1024) -> None:
        self.locations: dict[str, Mapping[str, bytes]] = {}
        self.adopted: dict[str, Mapping[str, bytes]] = {}
        self._limit_bytes = limit_bytes

    async def fetch(self, location: str) -> Mapping[str, bytes]:
        if location not in self.locations:
            raise Absent(f"{location}: no files")
        files = self.locations[location]
        if sum(map(len, files.values())) > self._limit_bytes:
            raise Refused(f"{location}: larger than {self._limit_bytes} bytes")
        return dict(files)

    async def adopt(self, digest: str, files: Mapping[str, bytes]) -> None:
        require_digest(digest, files)
        self.adopted[digest] = dict(files)

    async def read(self, digest: str, name: str) -> bytes:
        if name not in self.adopted.get(digest, {}):
            raise Absent(f"package {digest} has no adopted file {name!r}")
        return self.adopted[digest][name]
