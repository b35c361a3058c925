"""How far each reader has come in each hub partition: what a gap is measured against."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.ports.streams.event_publisher import Hub


class Place(NamedTuple):
    """One reader (a lane, or what translates) of one hub partition."""

    reader: str
    hub: Hub
    partition: int


@dataclass(frozen=True, slots=True)
class Position:
    """`sequence` is the last message handled, -1 before the first, in the log that the hub was in `epoch`.

    `version` is the compare-and-swap token, None where nothing is written yet; `written_at` is by the store's clock,
    where it was read from there.
    """

    epoch: str
    sequence: int = -1
    version: str | None = None
    written_at: datetime | None = field(default=None, compare=False)

    def is_of(self, epoch: str) -> bool:
        """Whether it counts in the log of this epoch; one from before epochs were noted does in any."""
        return self.epoch in ("", epoch)


def first_unseen(position: Position | None, epoch: str, held: range) -> int:
    """The number to go on with in a partition that holds these in `epoch`: not one of them where all were handled."""
    return max(position.sequence + 1, held.start) if position and position.is_of(epoch) else held.start


class Positions(Protocol):
    """All methods raise `Unavailable`."""

    async def read(self, place: Place) -> Position | None: ...

    async def move(self, place: Place, before: Position | None, after: Position) -> Position:
        """`after` with its new version; raises `Moved` when `before` is not what is written."""
        ...

    def all(self) -> AsyncIterator[tuple[Place, Position]]: ...
