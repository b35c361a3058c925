"""Seals in a dictionary, by minute."""

from collections.abc import AsyncIterator
from datetime import datetime

from shared.ports import Seals
from shared.ports.records.seals import KeptSeal


class MemorySeals(Seals):
    def __init__(self) -> None:
        self.kept: dict[datetime, bytes] = {}

    async def keep(self, minute: datetime, body: bytes) -> KeptSeal:
        return KeptSeal(minute, self.kept.setdefault(minute, body))

    async def last(self) -> KeptSeal | None:
        minute = max(self.kept, default=None)
        return None if minute is None else KeptSeal(minute, self.kept[minute])

    async def all(self) -> AsyncIterator[KeptSeal]:
        for minute in sorted(self.kept):
            yield KeptSeal(minute, self.kept[minute])
