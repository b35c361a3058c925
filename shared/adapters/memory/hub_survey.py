"""Hubs as a table of what there is; all may be sent to, but for what a test names."""

from collections.abc import Collection, Mapping
from datetime import datetime

from shared.ports import Absent, Hub, HubShape, HubSurvey, Unavailable


class MemoryHubSurvey(HubSurvey):
    """`shapes` and `groups` by hub; `closed` may not be sent to; `time` is their clock, None where they are empty."""

    def __init__(self) -> None:
        self.shapes: dict[Hub, HubShape] = {}
        self.groups: Mapping[Hub, Collection[str]] = {}
        self.closed: set[Hub] = set()
        self.time: datetime | None = None

    async def shape(self, hub: Hub) -> HubShape:
        if hub not in self.shapes:
            raise Absent(f"ask about hub {hub}: it is not there")
        return self.shapes[hub]

    async def has_group(self, hub: Hub, group: str) -> bool:
        await self.shape(hub)
        return group in self.groups.get(hub, ())

    async def may_send(self, hub: Hub) -> None:
        await self.shape(hub)
        if hub in self.closed:
            raise Unavailable(f"send to hub {hub}: unauthorized-access")

    async def now(self, hub: Hub) -> datetime | None:
        await self.shape(hub)
        return self.time
