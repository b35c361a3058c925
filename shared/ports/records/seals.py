"""Seals over the ledger, one a minute at most: written once, never changed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptSeal:
    """What is kept for a minute (UTC), byte for byte; `shared.reactor.sealing` reads it."""

    minute: datetime
    body: bytes


class Seals(Protocol):
    """All methods raise `Unavailable`."""

    async def keep(self, minute: datetime, body: bytes) -> KeptSeal:
        """Create only: what is kept for this minute now, which is an earlier body if there was one."""
        ...

    async def last(self) -> KeptSeal | None:
        """The one of the latest minute, None before the first."""
        ...

    def all(self) -> AsyncIterator[KeptSeal]:
        """Oldest minute first."""
        ...
