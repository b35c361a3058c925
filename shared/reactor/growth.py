"""Chains that grew in this process and are not noted yet in the index by which they are sealed."""

from shared.events import Entity
from shared.ports import Progress
from shared.ports.records.grown import End, Grown
from shared.reactor.recording import link


def end_of(progress: Progress) -> End:
    """Whoever wrote it has hashed it already."""
    entry, head = progress.entry, progress.head
    end = head.hash if head else link(entry, progress.marks) if progress.settled else entry.hash
    return End(entry.service, entry.entity, entry.position + 1, progress.settled, end)


class Growth:
    """Several lanes note at once: an end stays here until it was written, so that none relies on another's writing."""

    def __init__(self, grown: Grown | None) -> None:
        self._grown = grown
        self._pending: dict[tuple[str, Entity], End] = {}

    def add(self, progress: Progress) -> None:
        if self._grown is not None:
            self._pending[progress.entry.service, progress.entry.entity] = end_of(progress)

    async def write(self) -> None:
        """Raises `Unavailable`; what grows while this is written is written next time."""
        if self._grown is None or not self._pending:
            return
        written = dict(self._pending)
        await self._grown.note(list(written.values()))
        for chain, end in written.items():
            if self._pending.get(chain) == end:
                del self._pending[chain]
