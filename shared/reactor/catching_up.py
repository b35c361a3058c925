"""Whatever readers have left behind is read back, also where nothing comes after it that would show the gap.

The host moves on after a few tries, and what it cannot convert never reaches us at all: so positions are held against
the hubs' own ends. Nothing is asked of storage while no hub has moved. A trigger may be at the same place meanwhile;
both then begin at the stored position, like two hosts at one partition.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.ports import Clock, Extent, Hub, HubReader, Place, Position, Positions, back_group
from shared.ports.records.positions import first_unseen
from shared.reactor.reading import Stretch

log = logging.getLogger("sluice.catching_up")
# What concerned nobody is noted sooner.
STOOD = timedelta(seconds=40)
# What will have stood so soon is waited for instead of left to the next look, a minute later: so whatever was left out
# is read after 88 s (40 - 12 + 60) at the latest, and the time of reading fits into two minutes.
_WAITED = timedelta(seconds=12)
# What one turn sees to; a turn that was not finished is begun again, and what was done of it is known.
_STEP = 250
# A step mostly waits: the SDK's clients sleep for two seconds while they close.
_AT_ONCE = 8
# Turns begin so long, and have twenty seconds of their part's fifty to end in.
_BEGINS_S = 30.0


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads a hub. `position` asks for one that does not lie with all others."""

    name: str
    hub: Hub
    catch_up: Callable[[Stretch], Awaitable[None]]
    position: Callable[[Place], Awaitable[Position | None]] | None = None


@dataclass(frozen=True, slots=True)
class _Behind:
    reader: Reader
    stretch: Stretch
    written_at: datetime | None

    @property
    def place(self) -> Place:
        return self.stretch.place


class NotCaughtUp(ExceptionGroup[Exception]):
    """Some places could not be read back or seen to; the others were."""


class CatchingUp:
    """`stood` is how long a position has stood, and something behind it has lain there, before it is read back."""

    def __init__(self, hubs: HubReader, positions: Positions, clock: Clock, stood: timedelta = STOOD) -> None:
        self._hubs, self._positions, self._clock, self._stood = hubs, positions, clock, stood
        self._readers: list[Reader] = []
        self._at_rest: dict[Hub, Any] = {}
        self._turns: dict[Place, float] = {}
        # Since when this message lies there: asking again costs as much as reading it.
        self._since: dict[tuple[Place, int], datetime] = {}

    def add(self, reader: Reader) -> None:
        self._readers.append(reader)

    async def run(self) -> bool:
        """Look at all readers once; whether there is more to read back than this run had time for.

        Raises `NotCaughtUp` when all had their turn.
        """
        failed: list[Exception] = []
        extents = await self._extents(failed)
        moved = {hub: extent for hub, extent in extents.items() if self._at_rest.get(hub) != extent.ends}
        behind = await self._behind(moved) if moved else []
        standing = {each.place.hub for each in behind}
        for hub in moved.keys() - standing:
            self._at_rest[hub] = moved[hub].ends
        now_first = {(each.place, each.stretch.first) for each in behind}
        self._since = {first: since for first, since in self._since.items() if first in now_first}
        is_more = await self._take_turns(behind, failed)
        if failed:
            raise NotCaughtUp("not caught up", failed)
        return is_more

    async def _extents(self, failed: list[Exception]) -> Mapping[Hub, Extent]:
        hubs = sorted({reader.hub for reader in self._readers})
        found = await asyncio.gather(*map(self._hubs.extent, hubs), return_exceptions=True)
        failed += [each for each in found if isinstance(each, Exception)]
        return {hub: extent for hub, extent in zip(hubs, found, strict=True) if isinstance(extent, Extent)}

    async def _behind(self, extents: Mapping[Hub, Extent]) -> list[_Behind]:
        """Raises `Unavailable`."""
        together = {place: position async for place, position in self._positions.all()}
        found = []
        for reader in (each for each in self._readers if each.hub in extents):
            extent = extents[reader.hub]
            for partition, held in extent.held.items():
                place = Place(reader.name, reader.hub, partition)
                position = await reader.position(place) if reader.position else together.get(place)
                first = first_unseen(position, extent.epoch, held)
                # What is gone from the hub before it was handled leaves nothing to read, and is said all the same.
                is_short = position and position.is_of(extent.epoch) and position.sequence < held.stop - 1
                if first < held.stop or is_short:
                    stretch = Stretch(place, first, held.stop - 1, self._since.get((place, first)))
                    found.append(_Behind(reader, stretch, position.written_at if position else None))
        return found

    def _until_stood(self, since: datetime | None) -> timedelta:
        """How long it is until then; nothing for what has, or what nobody knows of."""
        return max(timedelta(), since + self._stood - self._clock.now()) if since else timedelta()

    async def _take_turns(self, behind: list[_Behind], failed: list[Exception]) -> bool:
        """A step each, round and round: who is furthest behind keeps nobody waiting. Whether anything is left."""
        until = asyncio.get_running_loop().time() + _BEGINS_S
        waiting = deque(sorted(behind, key=lambda each: (self._wait(each), self._turns.get(each.place, 0.0))))

        async def work() -> None:
            while waiting and (now := asyncio.get_running_loop().time()) < until:
                each = waiting.popleft()
                self._turns[each.place] = now
                try:
                    if rest := await self._step(each):
                        waiting.append(rest)
                except Exception as error:  # noqa: BLE001 - one place stops no other: raised when all had their turn
                    log.warning("%s in %s/%d stays behind: %s", *each.place, error)
                    failed.append(error)

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        return bool(waiting)

    def _wait(self, each: _Behind) -> timedelta:
        """Until the trigger has had its time there, as far as that is known."""
        return max(self._until_stood(each.written_at), self._until_stood(each.stretch.since))

    async def _step(self, each: _Behind) -> _Behind | None:
        """What is left of it. Nothing is done where the trigger has not had its time yet, nor will have soon."""
        if self._wait(each) <= _WAITED:
            each = await self._dated(each)
        wait = self._wait(each)
        if wait > _WAITED:
            return None
        await asyncio.sleep(wait.total_seconds())
        stretch = each.stretch
        last = min(stretch.first + _STEP - 1, stretch.last)
        await each.reader.catch_up(replace(stretch, last=last))
        log.info("%s in %s/%d: read back up to %d", *each.place, last)
        return replace(each, stretch=replace(stretch, first=last + 1)) if last < stretch.last else None

    async def _dated(self, each: _Behind) -> _Behind:
        """With the time of its first message, which the next run then knows as well."""
        place, stretch = each.place, each.stretch
        if stretch.since is not None or stretch.first > stretch.last:
            return each
        group = back_group(each.reader.name)
        found = await self._hubs.read(*place[1:], stretch.first, stretch.first, group)
        if not found or (since := found[0].enqueued_at) is None:
            return each
        self._since[place, stretch.first] = since
        return replace(each, stretch=replace(stretch, since=since))
