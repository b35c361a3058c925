"""The heartbeat in memory, by a clock of its own."""

from datetime import datetime

from shared.adapters.clock import SystemClock
from shared.ports import Heartbeat, Heartbeats


class MemoryHeartbeats(Heartbeats):
    """`store_time` stands in for the store's clock where a test needs one."""

    def __init__(self, store_time: datetime | None = None) -> None:
        self.store_time = store_time
        self._last: Heartbeat | None = None

    async def beat(self, at: datetime, build: str) -> None:
        self._last = Heartbeat(at, self.store_time or SystemClock().now(), build)

    async def last(self) -> Heartbeat | None:
        return self._last
