"""State folded from row streams: a row for each (fold, hub, partition, key), written with the partition's position."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from shared.ports.records.positions import Place, Position
from shared.ports.streams.event_publisher import Hub

# One entity-group transaction holds 100 rows, of which one is the position's, and 4 MiB, of which base64 takes a third.
MOST_ROWS = 99
MOST_BYTES = 2_800_000
# An entity holds 1 MiB, its names and numbers included; not every store counts binary columns before base64.
LARGEST_STATE = 700 * 1024


class Folds(Protocol):
    """A place is a fold in a hub partition; a key is what a state is about, an endpoint as a rule.

    All methods raise `Unavailable`.
    """

    async def position(self, place: Place) -> Position | None:
        """Everything up to it is in the states; None where nothing was ever written."""
        ...

    async def states(self, place: Place, keys: Collection[str]) -> Mapping[str, bytes]:
        """The states of these keys; one that was never written is absent."""
        ...

    async def write(self, place: Place, position: Position, states: Mapping[str, bytes]) -> None:
        """All of it in one step, or nothing. The position's version is that of the one before it.

        Raises `Moved` if that is not the present one; `Refused` for more than `MOST_ROWS` states, more than
        `MOST_BYTES` in all, or one larger than `LARGEST_STATE`.
        """
        ...

    async def of(self, fold: str, hub: Hub, key: str) -> Mapping[int, bytes | None]:
        """The states of one key by partition: of all partitions that the fold has met, None where it has no such key.

        A partition that is met for the first time may be there before its first state is.
        """
        ...

    async def forget(self, before: datetime, most: int) -> int:
        """Delete so many states, at most, that were written last before that by the store's clock; how many.

        One that is written meanwhile stays.
        """
        ...


def too_large(states: Mapping[str, bytes]) -> str:
    """Why these do not fit into one step, in words; "" when they do."""
    if len(states) > MOST_ROWS:
        return f"{len(states)} states, the limit is {MOST_ROWS}"
    largest, size = max(map(len, states.values()), default=0), sum(map(len, states.values()))
    if largest > LARGEST_STATE:
        return f"a state of {largest} bytes, the limit is {LARGEST_STATE}"
    return f"states of {size} bytes in all, the limit is {MOST_BYTES}" if size > MOST_BYTES else ""
