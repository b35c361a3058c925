"""What lanes remember besides their positions: when a service first ran, and which lane must not go on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a lane holds its position: until a person says so, or until another `build` runs."""

    build: str
    at: datetime
    reason: str


class LaneBook(Protocol):
    """All methods raise `Unavailable`."""

    async def first_runs(self, services: Collection[str], now: datetime) -> Mapping[str, datetime | None]:
        """Since when each of these runs. Who is new is noted as of `now`; None is for those that were there first.

        All services of a system's very first run were there first: nothing in its hubs is older than they are.
        """
        ...

    async def stopped(self, lane: str) -> Stop | None: ...

    async def stop(self, lane: str, stop: Stop) -> None: ...

    async def resume(self, lane: str) -> None:
        """Forget that it was stopped; nothing happens where it was not."""
        ...
