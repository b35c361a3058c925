"""The lanes' book in dictionaries."""

from collections.abc import Collection, Mapping
from datetime import datetime

from shared.ports import LaneBook, Stop


class MemoryLaneBook(LaneBook):
    def __init__(self) -> None:
        self._first: dict[str, datetime | None] = {}
        self._stops: dict[str, Stop] = {}

    async def first_runs(self, services: Collection[str], now: datetime) -> Mapping[str, datetime | None]:
        since = now if self._first else None
        self._first = {**dict.fromkeys(services, since), **self._first}
        return {service: self._first[service] for service in services}

    async def stopped(self, lane: str) -> Stop | None:
        return self._stops.get(lane)

    async def stop(self, lane: str, stop: Stop) -> None:
        self._stops[lane] = stop

    async def resume(self, lane: str) -> None:
        self._stops.pop(lane, None)
