"""What there is of a hub, and what one may do there: asked for, tried, and nothing left behind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.ports.streams.event_publisher import Hub


@dataclass(frozen=True, slots=True)
class HubShape:
    """`epoch` is when the hub was created, in the words of `HubReader.epoch`."""

    partitions: int
    epoch: str


class HubSurvey(Protocol):
    """All methods raise `Absent` where there is no such hub, `Refused` for an address without sense, `Unavailable`.

    Where a missing hub is not told from a key that is none, it is `Unavailable`, and the words say so. Nothing is sent,
    and no reader is thrown out.
    """

    async def shape(self, hub: Hub) -> HubShape: ...

    async def has_group(self, hub: Hub, group: str) -> bool:
        """Whether there is such a consumer group, which we may read. `Unavailable` where the right is missing."""
        ...

    async def may_send(self, hub: Hub) -> None:
        """Open what one sends by. `Unavailable` where the right is missing."""
        ...

    async def now(self, hub: Hub) -> datetime | None:
        """The hub's own clock, which it says beside a message: None where it holds none."""
        ...
