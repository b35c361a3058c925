"""Where each reader stands in each hub partition, and what it missed there: nothing is lost unseen.

The host's checkpoint moves whatever became of a batch, so a reader's own position is the truth. What is absent between
it and a batch, or between it and the hub's end, is read back in slices that each move the position; what the hub no
longer has is said. Several may be at one place, in this process and in others: each begins at the stored position.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.ports import Clock, EventPublisher, HubReader, Message, Moved, Place, Position, Positions, Unavailable
from shared.reactor.hub_log import HubLog, missing

log = logging.getLogger("sluice.reading")
# What is done again where a try was broken off, and what moves the position.
SLICE = 250
# What concerned nobody need not be noted at once: after a crash it is read again, and concerns nobody again.
NOTED_AFTER = timedelta(seconds=30)
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a reader has left behind at a place: `first` to `last`, and since when the first message lies there."""

    place: Place
    first: int
    last: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """What comes next at a place, in order: all that there is up to number `through`, in the log of `epoch`."""

    place: Place
    epoch: str
    messages: Sequence[Message]
    through: int


@dataclass(slots=True)
class _Standing:
    """`written` is what the store holds; `seen` may be further."""

    written: Position | None
    epoch: str
    seen: int
    noted_at: datetime

    @property
    def is_new(self) -> bool:
        return self.written is None and self.seen < 0


class Reading:
    def __init__(self, positions: Positions, reader: HubReader, publisher: EventPublisher, clock: Clock) -> None:
        self._positions, self._reader, self._clock = positions, reader, clock
        self._log = HubLog(reader, publisher, clock, SLICE)
        self._standing: dict[Place, _Standing] = {}
        self._to_note: dict[Place, asyncio.TimerHandle | asyncio.Task[None]] = {}

    async def slices(self, place: Place, messages: Sequence[Message]) -> AsyncIterator[Slice]:
        """What comes after the position, in order and each once: `messages`, and what is absent before and among them.

        Whoever takes a slice must call `moved` before it asks for the next. A reader that is new here gets all that the
        hub still has; what it no longer has never was for it. Raises `Unavailable`.
        """
        known = {message.sequence: message for message in messages}
        standing = await self._stand(place, known)
        async for each in self._from(place, standing, known, max(known)):
            yield each

    async def behind(self, place: Place, last: int) -> AsyncIterator[Slice]:
        """What lies between the stored position and `last`, as `slices`. Raises `Unavailable`."""
        standing = self._standing[place] = await self._look_up(place, self._standing.get(place))
        if standing.seen >= last:
            await self._note(place, standing)
        async for each in self._from(place, standing, {}, last):
            yield each

    async def _from(
        self, place: Place, standing: _Standing, known: Mapping[int, Message], end: int
    ) -> AsyncIterator[Slice]:
        next_one, epoch = standing.seen + 1, standing.epoch
        begins = next_one if standing.is_new else None
        for start, stop in missing(known, next_one, end):
            if before := _between(known, next_one, start):
                yield Slice(place, epoch, before, start - 1)
            async for found, through in self._read_back(place, start, stop, is_new=start == begins):
                yield Slice(place, epoch, found, through)
            next_one = stop + 1
        if rest := _between(known, next_one, end + 1):
            yield Slice(place, epoch, rest, end)

    async def moved(self, done: Slice, *, at_once: bool) -> None:
        """This slice has been seen to. Raises `Unavailable`."""
        place, standing = done.place, self._standing.get(done.place)
        if standing is None or standing.epoch != done.epoch:
            raise Unavailable(f"{place.hub}/{place.partition} was replaced while it was read")
        standing.seen = max(standing.seen, done.through)
        now = self._clock.now()
        if at_once or now - standing.noted_at >= NOTED_AFTER:
            await self._note(place, standing)
            standing.noted_at = now
        elif place not in self._to_note:
            wait_s = NOTED_AFTER.total_seconds()
            self._to_note[place] = asyncio.get_running_loop().call_later(wait_s, self._note_soon, place)

    def _note_soon(self, place: Place) -> None:
        """Perhaps nothing follows for hours: what was seen to would be taken for a gap."""
        self._to_note[place] = asyncio.create_task(self._note_late(place))

    async def _note_late(self, place: Place) -> None:
        try:
            if standing := self._standing.get(place):
                await self._note(place, standing)
        except Unavailable as error:
            log.warning("not noted how far %s is in %s/%d, so it is read again: %s", *place, error)
        finally:
            del self._to_note[place]

    async def _note(self, place: Place, standing: _Standing) -> None:
        """From where this reader started to where it came, and never back: another may have been here meanwhile."""
        for _ in range(_ATTEMPTS):
            written = standing.written
            if written and written.epoch == standing.epoch and written.sequence >= standing.seen:
                return
            after = Position(standing.epoch, standing.seen)
            try:
                standing.written = await self._positions.move(place, written, after)
            except Moved:
                standing.written = await self._positions.read(place)
                if standing.written and not standing.written.is_of(standing.epoch):
                    self._standing.pop(place, None)
                    raise Unavailable(f"{place.hub}/{place.partition} was replaced while it was read") from None
        raise Unavailable(f"the position of {place.reader} in {place.hub}/{place.partition} keeps moving")

    async def _stand(self, place: Place, known: Mapping[int, Message]) -> _Standing:
        standing = self._standing.get(place)
        if standing is None or min(known) > standing.seen + 1:
            # Another instance may have read this partition since: what looks like a gap here is none then.
            standing = await self._look_up(place, standing)
        elif min(known) <= standing.seen and await self._reader.epoch(place.hub) != standing.epoch:
            standing = await self._look_up(place, None)
        self._standing[place] = standing
        return standing

    async def _look_up(self, place: Place, before: _Standing | None) -> _Standing:
        written = await self._positions.read(place)
        epoch = await self._reader.epoch(place.hub)
        now = self._clock.now()
        before = before if before and before.epoch == epoch else None
        if written is None:
            return before or _Standing(None, epoch, -1, now)
        if not written.is_of(epoch):
            await self._log.tell_replaced(place, written.epoch, epoch)
            return _Standing(written, epoch, -1, now)
        return _Standing(written, epoch, max(written.sequence, before.seen if before else -1), now)

    async def _read_back(
        self, place: Place, start: int, stop: int, *, is_new: bool
    ) -> AsyncIterator[tuple[Sequence[Message], int]]:
        """Slice by slice, each with the number up to which it is everything. Nothing may be left of one."""
        while start <= stop:
            found, through = await self._log.read_back(place, start, stop, is_new=is_new)
            yield found, through
            start, is_new = through + 1, False


def _between(known: Mapping[int, Message], start: int, stop: int) -> list[Message]:
    return [known[sequence] for sequence in sorted(known) if start <= sequence < stop]
