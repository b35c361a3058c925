"""The ledger in dictionaries."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.memory.clock import ManualClock
from shared.events import Entity
from shared.ports import Absent, Clock, Cut, Entry, Head, Lease, Ledger, Mark, Moved, Progress, Waiting


@dataclass
class _Chain:
    """`version` counts every change of the head, `queue` keeps the order of first arrival.

    `archived` entries and the names of their events are no longer in `progress`.
    """

    state: Mapping[str, Any] | None = None
    hash: str = ""
    open: str | None = None
    version: int = 0
    progress: dict[str, Progress] = field(default_factory=dict)
    leased_at: dict[str, datetime] = field(default_factory=dict)
    queue: dict[str, Waiting] = field(default_factory=dict)
    last: str | None = None
    archived: int = 0
    piece: str | None = None

    def head(self) -> Head:
        version = str(self.version) if self.version else None
        length, waiting = self.archived + len(self.progress), len(self.queue)
        return Head(
            self.state, self.hash, length, version, waiting, self.last, self.open, self.archived, self.piece
        )  # fmt: skip


class MemoryLedger(Ledger):
    """`clock` is the store's."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._chains: dict[tuple[str, Entity], _Chain] = {}
        self._clock = clock or ManualClock()

    def _chain(self, service: str, entity: Entity) -> _Chain:
        return self._chains.setdefault((service, entity), _Chain())

    async def head(self, service: str, entity: Entity) -> Head:
        return self._chain(service, entity).head()

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
        chain = self._chain(service, entity)
        progress = chain.progress.get(event_id)
        if progress is None or progress.lease is None:
            return progress
        left = chain.leased_at[event_id] + progress.lease.lasts - self._clock.now()
        return replace(progress, left=max(left, timedelta()))

    async def record(self, entry: Entry, head: Head, lease: Lease | None) -> Progress:
        chain = self._chain(entry.service, entry.entity)
        if chain.head().version != head.version or entry.event_id in chain.progress:
            raise Moved(f"chain {entry.service} {entry.entity} moved")
        chain.state, chain.hash, chain.open = entry.state, entry.hash, entry.event_id if lease else None
        chain.last = entry.event_id
        chain.version += 1
        progress = self._keep(Progress(entry, {}, lease is None, lease, "1"))
        return replace(progress, head=chain.head())

    async def lease(self, progress: Progress, lease: Lease) -> Progress | None:
        if progress.left and progress.lease and progress.lease.owner != lease.owner:
            return None
        try:
            return self._change(progress, {}, lease=lease)
        except Moved:
            return None

    async def mark(self, progress: Progress, marks: Mapping[int, Mark], lease: Lease) -> Progress:
        return self._change(progress, marks, lease=lease)

    async def settle(self, progress: Progress, marks: Mapping[int, Mark], link: str) -> Progress:
        settled = self._change(progress, marks, settled=True)
        chain = self._chain(progress.entry.service, progress.entry.entity)
        is_known = progress.head is not None and progress.head.version == str(chain.version)
        chain.hash, chain.open = link, None
        chain.version += 1
        return replace(settled, head=chain.head() if is_known else None)

    def _change(self, progress: Progress, marks: Mapping[int, Mark], **changes: Any) -> Progress:
        entry = progress.entry
        known = self._chain(entry.service, entry.entity).progress.get(entry.event_id)
        if known is None:
            raise Absent(f"decision {entry.event_id} does not exist")
        if known.version != progress.version or known.marks.keys() & marks.keys():
            raise Moved(f"decision {entry.event_id} moved")
        new = replace(known, marks={**known.marks, **marks}, version=str(int(known.version) + 1), **changes)
        return replace(self._keep(new), head=progress.head)

    def _keep(self, progress: Progress) -> Progress:
        entry = progress.entry
        chain = self._chain(entry.service, entry.entity)
        chain.progress[entry.event_id] = progress
        chain.leased_at[entry.event_id] = self._clock.now()
        return progress

    async def wait(self, waiting: Waiting) -> None:
        chain = self._chain(waiting.service, waiting.entity)
        if waiting.event_id in chain.queue and not waiting.attempts:
            return
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

    async def pending(self, limit: int = 100) -> Sequence[Waiting]:
        return [next(iter(chain.queue.values())) for chain in self._chains.values() if chain.queue][:limit]

    async def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]:
        for (service, entity), chain in list(self._chains.items()):
            if chain.head().length:
                yield service, entity, chain.head()

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        for progress in list(self._chain(service, entity).progress.values()):
            yield progress

    async def time(self) -> datetime:
        return self._clock.now()

    async def aged(self, before: datetime) -> AsyncIterator[tuple[str, Entity]]:
        for (service, entity), chain in list(self._chains.items()):
            first = next(iter(chain.progress.values()), None)
            if first and first.entry.decided_at < before:
                yield service, entity

    async def unfinished(self) -> AsyncIterator[tuple[str, Entity]]:
        for (service, entity), chain in list(self._chains.items()):
            if chain.open or chain.queue:
                yield service, entity

    async def shorten(self, head: Head, cut: Cut) -> Head:
        chain = self._chain(cut.service, cut.entity)
        if chain.head().version != head.version:
            raise Moved(f"chain {cut.service} {cut.entity} moved")
        for progress in cut.entries:
            del chain.progress[progress.entry.event_id]
        chain.archived += len(cut.entries)
        chain.piece, chain.version = cut.piece or chain.piece, chain.version + 1
        return chain.head()
