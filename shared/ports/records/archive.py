"""Decisions that have left the ledger: pieces of its chains, written once and known by their digests."""

from typing import Protocol


class Archive(Protocol):
    async def keep(self, piece: bytes) -> str:
        """Store and return the SHA-256 (hex) of `piece`; storing it again changes nothing. Raises `Unavailable`."""
        ...

    async def read(self, digest: str) -> bytes:
        """Raises `Absent`, as when its life is over; `Refused` when it was altered; `Unavailable`."""
        ...
