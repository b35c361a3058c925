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
# With the minute between two looks and the time of reading, whoever was left out is less than two minutes behind. What
# concerned nobody is noted sooner.
STOOD = timedelta(seconds=45)
# What one turn sees to; a turn that was not finished is begun again, and what was done of it is known.
_STEP = 250
_AT_ONCE = 4
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
        is_more = await self._take_turns([each for each in behind if self._has_stood(each.written_at)], failed)
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
                    stretch = Stretch(place, first, held.stop - 1)
                    found.append(_Behind(reader, stretch, position.written_at if position else None))
        return found

    def _has_stood(self, since: datetime | None) -> bool:
        return since is None or self._clock.now() - since >= self._stood

    async def _take_turns(self, behind: list[_Behind], failed: list[Exception]) -> bool:
        """A step each, round and round: who is furthest behind keeps nobody waiting. Whether anything is left."""
        until = asyncio.get_running_loop().time() + _BEGINS_S
        waiting = deque(sorted(behind, key=lambda each: self._turns.get(each.place, 0.0)))

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

    async def _step(self, each: _Behind) -> _Behind | None:
        """What is left of it. Nothing is done where the trigger has not had its time yet."""
        stretch = each.stretch
        if stretch.since is None and stretch.first <= stretch.last:
            group = back_group(each.reader.name)
            found = await self._hubs.read(*each.place[1:], stretch.first, stretch.first, group)
            stretch = replace(stretch, since=found[0].enqueued_at if found else None)
            if not self._has_stood(stretch.since):
                return None
        last = min(stretch.first + _STEP - 1, stretch.last)
        await each.reader.catch_up(replace(stretch, last=last))
        log.info("%s in %s/%d: read back up to %d", *each.place, last)
        return replace(each, stretch=replace(stretch, first=last + 1)) if last < stretch.last else None
