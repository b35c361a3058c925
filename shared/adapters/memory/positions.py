"""Positions in a dictionary."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

from shared.ports import Clock, Moved, Place, Position, Positions


class MemoryPositions(Positions):
    """`clock` is the store's; without one, nothing says when a position was written."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._written: dict[Place, Position] = {}
        self._versions = map(str, count(1))

    async def read(self, place: Place) -> Position | None:
        return self._written.get(place)

    async def move(self, place: Place, before: Position | None, after: Position) -> Position:
        if self._written.get(place) != before:
            raise Moved(f"the position of {place.reader} in {place.hub}/{place.partition}")
        written_at = self._clock.now() if self._clock else None
        self._written[place] = replace(after, version=next(self._versions), written_at=written_at)
        return self._written[place]

    async def all(self) -> AsyncIterator[tuple[Place, Position]]:
        for place, position in list(self._written.items()):
            yield place, position
