"""A store in which everything is there and may be read, but for what a test names."""

from datetime import datetime

from shared.adapters.clock import SystemClock
from shared.ports import Access, StoreSurvey


class MemoryStoreSurvey(StoreSurvey):
    """`not_readable`: table or container to what it is instead. `time` stands in for the store's clock."""

    def __init__(self) -> None:
        self.not_readable: dict[str, Access] = {}
        self.time: datetime | None = None

    async def table(self, name: str) -> Access:
        return self.not_readable.get(name, "readable")

    async def container(self, name: str) -> Access:
        return self.not_readable.get(name, "readable")

    async def now(self) -> datetime:
        return (self.time or SystemClock().now()).replace(microsecond=0)
