"""Positions in a dictionary."""

from shared.ports import Hub


class MemoryPositions:
    def __init__(self) -> None:
        self._last: dict[tuple[str, Hub, int], int] = {}

    async def last(self, service: str, hub: Hub, partition: int) -> int | None:
        return self._last.get((service, hub, partition))

    async def advance(self, service: str, hub: Hub, partition: int, sequence: int) -> None:
        key = service, hub, partition
        self._last[key] = max(sequence, self._last.get(key, sequence))
