"""Chains that grew in this process and are not noted yet in the index by which they are sealed."""

from itertools import count

from shared.events import Entity
from shared.ports.records.grown import Grown


class Growth:
    """Several lanes note at once: a chain stays here until it was written, so that none relies on another's writing."""

    def __init__(self, grown: Grown | None) -> None:
        self._grown, self._count = grown, count()
        self._pending: dict[tuple[str, Entity], int] = {}

    def add(self, service: str, entity: Entity) -> None:
        if self._grown is not None:
            self._pending[service, entity] = next(self._count)

    async def write(self) -> None:
        """Raises `Unavailable`; what grows while this is written is written next time."""
        if self._grown is None or not self._pending:
            return
        written = dict(self._pending)
        await self._grown.note(written)
        for chain, number in written.items():
            if self._pending.get(chain) == number:
                del self._pending[chain]
