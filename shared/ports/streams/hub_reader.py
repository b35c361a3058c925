"""Reading a hub beside the host that delivers it: how far it goes, and a stretch of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.events import Unreadable
from shared.ports.streams.event_publisher import Hub

# What is read at once, in bodies; the first message comes whatever its size.
READ_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a hub holds it. `sequence` grows by one within a partition, `enqueued_at` is the hub's time.

    `flaw` says what a message without a body of bytes has instead; `body` is then what could be kept of it.
    """

    hub: str
    partition: int
    sequence: int
    body: bytes
    enqueued_at: datetime | None = None
    flaw: str = ""

    def content(self) -> bytes:
        """Raises `Unreadable` where the message has no body of bytes."""
        if self.flaw:
            raise Unreadable(self.flaw)
        return self.body


@dataclass(frozen=True, slots=True)
class Extent:
    """A hub as it is now: its epoch, and the numbers that each partition still has, as `HubReader.held` gives them."""

    epoch: str
    held: Mapping[int, range]

    @property
    def ends(self) -> tuple[str, Mapping[int, int]]:
        """What changes when something arrives, or the hub is another one."""
        return self.epoch, {partition: held.stop for partition, held in self.held.items()}


def back_group(reader: str) -> str:
    """The consumer group by which a reader reads back: the trigger's own belongs to the host, which counts on it."""
    return f"{reader}-back"


class HubReader(Protocol):
    async def read(self, hub: Hub, partition: int, first: int, last: int, group: str = "") -> Sequence[Message]:
        """The messages `first` to `last`, both included, that the hub still has: the first of them, `READ_BYTES` of it.

        Every body is read, also those that no trigger delivers. `group` is a consumer group, "" the one that this
        reader usually reads by. Raises `Unavailable`.
        """
        ...

    async def held(self, hub: Hub, partition: int) -> range:
        """The numbers that the hub still has; empty, at the next number, where it has none. Raises `Unavailable`."""
        ...

    async def epoch(self, hub: Hub) -> str:
        """When this hub was created: another one under its name begins to count anew. Raises `Unavailable`."""
        ...

    async def extent(self, hub: Hub) -> Extent:
        """All of its partitions in one question. Raises `Unavailable`."""
        ...
