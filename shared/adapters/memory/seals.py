"""Seals in a dictionary, by minute and number. `clock` is the store's."""

from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from itertools import count

from shared.adapters.memory.clock import ManualClock
from shared.ports import Absent, Clock, Seals
from shared.ports.records.seals import KeptSeal, Latest


class MemorySeals(Seals):
    def __init__(self, clock: Clock | None = None) -> None:
        self.kept: dict[tuple[datetime, int], bytes] = {}
        self.lists: dict[str, bytes] = {}
        self._clock = clock or ManualClock()

    async def keep(self, minute: datetime, body: bytes) -> KeptSeal:
        number = next(n for n in count() if self.kept.get((minute, n), body) == body)
        self.kept[minute, number] = body
        return KeptSeal(minute, body, number)

    async def latest(self) -> Latest:
        now = self._clock.now()
        past = max((key for key in self.kept if key[0] <= now), default=None)
        seal = None if past is None else KeptSeal(past[0], self.kept[past], past[1])
        return Latest(now, seal, sorted({minute for minute, _ in self.kept if minute > now}))

    async def all(self, since: datetime | None = None) -> AsyncIterator[KeptSeal]:
        for minute, number in sorted(self.kept):
            if since is None or minute >= since:
                yield KeptSeal(minute, self.kept[minute, number], number)

    async def keep_list(self, body: bytes) -> str:
        digest = sha256(body).hexdigest()
        self.lists[digest] = body
        return digest

    async def read_list(self, digest: str) -> bytes:
        if digest not in self.lists:
            raise Absent(f"there is no list {digest}")
        return self.lists[digest]
