"""Brakes in a dictionary."""

from collections.abc import Sequence

from shared.ports import Brake, Brakes


class MemoryBrakes(Brakes):
    def __init__(self) -> None:
        self._brakes: dict[str, Brake] = {}

    async def set(self, brake: Brake) -> None:
        known = self._brakes.get(brake.scope)
        if known is None or known.since <= brake.since:
            self._brakes[brake.scope] = brake

    async def engaged(self) -> Sequence[Brake]:
        return [brake for brake in self._brakes.values() if brake.engaged]
