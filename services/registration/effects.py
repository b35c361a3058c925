"""Registration's own effect on the world."""

from typing import ClassVar

from shared.events import Digest
from shared.ports import ModelPackages
from shared.reactor import Effect


class AdoptPackage(Effect):
    """Keep the package at `location` under `digest`; refused when the files there are no longer those."""

    kind: ClassVar[str] = "adopt_package"
    location: str
    digest: Digest

    async def perform(self, packages: ModelPackages) -> None:
        await packages.adopt(self.digest, await packages.fetch(self.location))
