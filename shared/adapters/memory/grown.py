"""Ends of grown chains in a dictionary that keeps their order."""

from collections.abc import Collection, Sequence

from shared.ports import End, Grown


class MemoryGrown(Grown):
    def __init__(self) -> None:
        self._ends: dict[End, None] = {}

    async def note(self, ends: Collection[End]) -> None:
        self._ends.update(dict.fromkeys(ends))

    async def read(self) -> Sequence[End]:
        return list(self._ends)

    async def forget(self, ends: Sequence[End]) -> None:
        for end in ends:
            self._ends.pop(end, None)
