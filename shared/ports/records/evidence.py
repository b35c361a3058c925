"""Content-addressed bodies: what is known by its digest cannot be exchanged unseen."""

from typing import Protocol


class Evidence(Protocol):
    async def keep(self, body: bytes) -> str:
        """Store and return the SHA-256 (hex) of `body`; storing it again changes nothing. Raises `Unavailable`."""
        ...

    async def read(self, digest: str) -> bytes:
        """Checked against its digest. Raises `Absent`, `Refused` when the content was altered, or `Unavailable`."""
        ...

    async def report(self, job: str) -> str | None:
        """Digest of the report that the job of this name left, None while there is none. Raises `Unavailable`."""
        ...
