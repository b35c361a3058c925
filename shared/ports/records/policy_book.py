"""Which policy document control went by last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PolicyOnRecord:
    """`number` counts the changes, from 1 on; `before` is the digest of the one before, `by` who deployed this one."""

    digest: str
    number: int
    at: datetime
    before: str | None = None
    by: str = ""


class PolicyBook(Protocol):
    """All methods raise `Unavailable`."""

    async def last(self) -> PolicyOnRecord | None:
        """None when there was none yet."""
        ...

    async def put(self, policy: PolicyOnRecord) -> None:
        """The next one on record; raises `Moved` unless its number follows the last one's. A repeat changes nothing."""
        ...
