"""Model packages: a folder of plain files known by one digest (see `shared.packages`)."""

from collections.abc import Mapping
from typing import Protocol


class ModelPackages(Protocol):
    async def fetch(self, location: str) -> Mapping[str, bytes]:
        """All files of a registered model's folder, by name, from the path Azure ML gives for it.

        Raises `Absent`, `Refused` (outside our storage, too large) or `Unavailable`.
        """
        ...

    async def adopt(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Keep the files under their digest for staging and serving; raises `Refused` if the digest is not theirs."""
        ...

    async def read(self, digest: str, name: str) -> bytes:
        """One file of an adopted package. Raises `Absent` or `Unavailable`."""
        ...
