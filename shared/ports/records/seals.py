"""Seals over the ledger: written once, never changed; and the daily lists of all chains that they build upon."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptSeal:
    """What is kept for a minute (UTC), byte for byte; `number` counts those of one minute from zero."""

    minute: datetime
    body: bytes
    number: int = 0


@dataclass(frozen=True, slots=True)
class Latest:
    """`seal` is the last one up to `now`, by the store's clock.

    `future` are minutes, or days, for which there are some: nobody can have sealed a time to come.
    """

    now: datetime
    seal: KeptSeal | None
    future: Sequence[datetime] = field(default=())


class Seals(Protocol):
    """All methods raise `Unavailable`."""

    async def keep(self, minute: datetime, body: bytes) -> KeptSeal:
        """Create only, under the first free number of this minute, read back and compared."""
        ...

    async def latest(self) -> Latest: ...

    def all(self, since: datetime | None = None) -> AsyncIterator[KeptSeal]:
        """From this minute on, in the order of minutes and numbers."""
        ...

    async def keep_list(self, body: bytes) -> str:
        """Keep a list under its SHA-256 (hex), which is returned."""
        ...

    async def read_list(self, digest: str) -> bytes:
        """Raises `Absent`, and `Refused` when it was altered."""
        ...
