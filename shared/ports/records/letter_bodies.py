"""The messages of dead letters: kept to be looked at and handled again, and deleted some days after.

They are apart from evidence, which nobody can delete before its time: what was refused may hold anybody's data.
"""

from typing import Protocol


class LetterBodies(Protocol):
    async def keep(self, body: bytes) -> str:
        """Store and return the SHA-256 (hex) of `body`; stored again, its days begin anew. Raises `Unavailable`."""
        ...

    async def read(self, digest: str) -> bytes:
        """Checked against its digest. Raises `Absent` once deleted, `Refused` when altered, or `Unavailable`."""
        ...
