"""Grown chains in a dictionary."""

from collections.abc import Collection, Sequence

from shared.events import Entity
from shared.ports.records.grown import Noted


class MemoryGrown:
    def __init__(self) -> None:
        self._versions: dict[tuple[str, Entity], int] = {}
        self._count = 0

    async def note(self, chains: Collection[tuple[str, Entity]]) -> None:
        for chain in chains:
            self._count += 1
            self._versions[chain] = self._count

    async def read(self) -> Sequence[Noted]:
        return [Noted(*chain, str(version)) for chain, version in self._versions.items()]

    async def forget(self, noted: Sequence[Noted]) -> None:
        for each in noted:
            if str(self._versions.get((each.service, each.entity))) == each.version:
                del self._versions[each.service, each.entity]
