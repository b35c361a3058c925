"""Folded states in a dictionary, kept as the bytes that a store would hold."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shared.ports import FoldPosition, Hub, Moved, Refused
from shared.ports.records.folds import too_large

type _Place = tuple[str, Hub, int]


class MemoryFolds:
    def __init__(self) -> None:
        self._positions: dict[_Place, FoldPosition] = {}
        self._states: dict[_Place, dict[str, bytes]] = {}

    async def position(self, fold: str, hub: Hub, partition: int) -> FoldPosition:
        return self._positions.get((fold, hub, partition), FoldPosition())

    async def states(self, fold: str, hub: Hub, partition: int, keys: Collection[str]) -> Mapping[str, bytes]:
        kept = self._states.get((fold, hub, partition), {})
        return {key: kept[key] for key in keys if key in kept}

    async def write(
        self, fold: str, hub: Hub, partition: int, position: FoldPosition, states: Mapping[str, bytes]
    ) -> None:
        if why := too_large(states):
            raise Refused(f"write the fold {fold} of {hub}/{partition}: {why}")
        place = fold, hub, partition
        present = self._positions.get(place, FoldPosition()).version
        if present != position.version:
            raise Moved(f"the fold {fold} of {hub}/{partition} moved")
        self._positions[place] = replace(position, version=str(int(present or 0) + 1))
        self._states.setdefault(place, {}).update(states)

    async def of(self, fold: str, hub: Hub, key: str) -> Mapping[int, bytes | None]:
        met = sorted(partition for of, on, partition in self._positions if (of, on) == (fold, hub))
        return {partition: self._states[fold, hub, partition].get(key) for partition in met}
