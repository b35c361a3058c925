"""Reading back a stretch of a hub partition, to close a gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.ports.streams.event_publisher import Hub


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a hub holds it. `sequence` grows by one within a partition, `enqueued_at` is the hub's time."""

    hub: str
    partition: int
    sequence: int
    body: bytes
    enqueued_at: datetime | None = None


class HubReader(Protocol):
    async def read(self, hub: Hub, partition: int, first: int, last: int) -> Sequence[Message]:
        """The messages `first` to `last`, both included, that the hub still has. Raises `Unavailable`."""
        ...

    async def held(self, hub: Hub, partition: int) -> range:
        """The numbers that the hub still has; empty, at the next number, where it has none. Raises `Unavailable`."""
        ...

    async def epoch(self, hub: Hub) -> str:
        """When this hub was created: another one under its name begins to count anew. Raises `Unavailable`."""
        ...
