"""Files that were handed over to be scored: the blobs of container `batch-in`."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BatchFile:
    """As it is now. `etag` without quotes, `size` in bytes."""

    etag: str
    size: int


class BatchFiles(Protocol):
    async def look(self, name: str) -> BatchFile:
        """Raises `Absent`, `Refused` (no name of a blob) or `Unavailable`."""
        ...
