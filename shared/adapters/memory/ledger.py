"""The ledger in dictionaries."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.events import Entity
from shared.ports import Absent, Entry, Head, Lease, Ledger, Mark, Moved, Progress, Waiting


@dataclass
class _Chain:
    """`version` counts every change of the head, `queue` keeps the order of first arrival."""

    state: Mapping[str, Any] | None = None
    hash: str = ""
    version: int = 0
    progress: dict[str, Progress] = field(default_factory=dict)
    queue: dict[str, Waiting] = field(default_factory=dict)

    def head(self) -> Head:
        version = str(self.version) if self.version else None
        last = next(reversed(self.progress), None)
        return Head(self.state, self.hash, len(self.progress), version, len(self.queue), last)


class MemoryLedger(Ledger):
    def __init__(self) -> None:
        self._chains: dict[tuple[str, Entity], _Chain] = {}

    def _chain(self, service: str, entity: Entity) -> _Chain:
        return self._chains.setdefault((service, entity), _Chain())

    async def head(self, service: str, entity: Entity) -> Head:
        return self._chain(service, entity).head()

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
        return self._chain(service, entity).progress.get(event_id)

    async def record(self, entry: Entry, head: Head, lease: Lease) -> None:
        chain = self._chain(entry.service, entry.entity)
        if chain.head().version != head.version or entry.event_id in chain.progress:
            raise Moved(f"chain {entry.service} {entry.entity} moved")
        chain.progress[entry.event_id] = Progress(entry, {}, settled=False, lease=lease)
        chain.state, chain.hash = entry.state, entry.hash
        chain.version += 1

    async def lease(self, entry: Entry, lease: Lease, now: datetime) -> bool:
        progress = self._progress(entry)
        held = progress.lease
        if held is not None and held.owner != lease.owner and held.until > now:
            return False
        self._keep(replace(progress, lease=lease))
        return True

    async def mark(self, entry: Entry, index: int, mark: Mark) -> None:
        progress = self._progress(entry)
        self._keep(replace(progress, marks={**progress.marks, index: mark}))

    async def settle(self, entry: Entry) -> None:
        self._keep(replace(self._progress(entry), settled=True))

    def _progress(self, entry: Entry) -> Progress:
        progress = self._chain(entry.service, entry.entity).progress.get(entry.event_id)
        if progress is None:
            raise Absent(f"decision {entry.event_id} does not exist")
        return progress

    def _keep(self, progress: Progress) -> None:
        entry = progress.entry
        self._chain(entry.service, entry.entity).progress[entry.event_id] = progress

    async def wait(self, waiting: Waiting) -> None:
        chain = self._chain(waiting.service, waiting.entity)
        if waiting.event_id not in chain.queue:
            chain.version += 1
        chain.queue[waiting.event_id] = waiting

    async def first_waiting(self, service: str, entity: Entity) -> Waiting | None:
        return next(iter(self._chain(service, entity).queue.values()), None)

    async def stop_waiting(self, waiting: Waiting) -> None:
        chain = self._chain(waiting.service, waiting.entity)
        if chain.queue.pop(waiting.event_id, None) is not None:
            chain.version += 1

    async def due(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, Entity]]:
        fronts = [next(iter(chain.queue.values())) for chain in self._chains.values() if chain.queue]
        due = sorted((front for front in fronts if front.due <= now), key=lambda front: front.due)
        return [(front.service, front.entity) for front in due[:limit]]

    async def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]:
        for (service, entity), chain in list(self._chains.items()):
            if chain.progress:
                yield service, entity, chain.head()

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        for progress in list(self._chain(service, entity).progress.values()):
            yield progress
