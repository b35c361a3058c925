"""What serves: one manifest generation for each endpoint, changed only by compare-and-swap."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from shared.events import Digest, EndpointRef, PackageRef


class Route(BaseModel):
    """A package, its share of the traffic in percent, and the digest of its reference profile for monitoring.

    `mirror` is the percentage of requests that it is asked, too, without anybody seeing its answers; a package that
    only shadows another has share 0.
    """

    model_config = ConfigDict(frozen=True)

    package: PackageRef
    share: float = Field(default=100.0, ge=0, le=100)
    mirror: float = Field(default=0.0, ge=0, le=100)
    profile: Digest | None = None


class Manifest(BaseModel):
    """Generation 0 routes nowhere. `changed_by` is the key of the effect that wrote it."""

    model_config = ConfigDict(frozen=True)

    endpoint: EndpointRef
    generation: int = 0
    routes: tuple[Route, ...] = ()
    previous: Route | None = None
    changed_by: str = ""
    changed_at: datetime | None = None

    @property
    def current(self) -> PackageRef | None:
        """The package with the largest share."""
        return max(self.routes, key=lambda route: route.share).package if self.routes else None


MOST_SERVED = 1_000


class ServingManifests(Protocol):
    async def read(self, endpoint: EndpointRef) -> Manifest:
        """Generation 0 when nothing was ever served. Raises `Unavailable`."""
        ...

    async def served(self, workspace: str) -> tuple[EndpointRef, ...]:
        """Every endpoint of this workspace that was ever served, the first thousand by name, as entities spell it.

        Raises `Unavailable`.
        """
        ...

    async def swap(self, manifest: Manifest) -> None:
        """Write `manifest` over its own generation minus one.

        Writing again what is already there (same generation, same `changed_by`) changes nothing.
        Raises `Moved` when another generation is current, or `Unavailable`.
        """
        ...
