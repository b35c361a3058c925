"""That control runs: what its timer writes from time to time, whatever else there is to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`at` is by control's clock, `written_at` by the store's; `build` names the code that runs."""

    at: datetime
    written_at: datetime
    build: str


class Heartbeats(Protocol):
    """Both methods raise `Unavailable`."""

    async def beat(self, at: datetime, build: str) -> None: ...

    async def last(self) -> Heartbeat | None:
        """None before the first one."""
        ...
