"""Folded states in a dictionary, kept as the bytes that a store would hold."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from shared.adapters.memory.clock import ManualClock
from shared.ports import Clock, Folds, Hub, Moved, Place, Position, Refused
from shared.ports.records.folds import too_large


class MemoryFolds(Folds):
    """`clock` is the store's."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or ManualClock()
        self._written: dict[tuple[Place, str], datetime] = {}
        self._positions: dict[Place, Position] = {}
        self._states: dict[Place, dict[str, bytes]] = {}

    async def position(self, place: Place) -> Position | None:
        return self._positions.get(place)

    async def states(self, place: Place, keys: Collection[str]) -> Mapping[str, bytes]:
        kept = self._states.get(place, {})
        return {key: kept[key] for key in keys if key in kept}

    async def write(self, place: Place, position: Position, states: Mapping[str, bytes]) -> None:
        if why := too_large(states):
            raise Refused(f"write the fold {place}: {why}")
        present = self._positions.get(place)
        version = present.version if present else None
        if version != position.version:
            raise Moved(f"the fold {place} moved")
        version = str(int(version or 0) + 1)
        self._positions[place] = replace(position, version=version, written_at=self._clock.now())
        self._states.setdefault(place, {}).update(states)
        self._written.update({(place, key): self._clock.now() for key in states})

    async def of(self, fold: str, hub: Hub, key: str) -> Mapping[int, bytes | None]:
        met = sorted(place for place in self._positions if place[:2] == (fold, hub))
        return {place.partition: self._states[place].get(key) for place in met}

    async def forget(self, before: datetime, most: int) -> int:
        old = [each for each, at in self._written.items() if at < before][:most]
        for place, key in old:
            del self._states[place][key], self._written[place, key]
        return len(old)
