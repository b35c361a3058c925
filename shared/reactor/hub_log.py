"""The log behind a hub partition: which one it is, and what a delivery left out of it."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from shared.events import Envelope, Event, EventsLost, HubReplaced, derive_id
from shared.ports import Clock, EventPublisher, HubReader, Message, Place, back_group

# Rows are large: what is read back at once bounds memory, and what is read again after a crash.
SLICE = 200


class HubLog:
    """Reads back what was left out, slice by slice, and says what the hub no longer has and when it is another one."""

    def __init__(self, reader: HubReader, publisher: EventPublisher, clock: Clock, slice: int = SLICE) -> None:
        self._reader, self._publisher, self._clock, self._slice = reader, publisher, clock, slice

    async def epoch(self, place: Place) -> str:
        """Raises `Unavailable`."""
        return await self._reader.epoch(place.hub)

    async def read_back(self, place: Place, first: int, last: int, *, is_new: bool) -> tuple[Sequence[Message], int]:
        """The first slice of `first`..`last` that the hub still has, and the number up to which that is everything.

        Nothing, and `last`, where it has none of them. What is lost of it is told; a reader that is new here never had
        what the hub no longer has. Raises `Unavailable`.
        """
        held = await self._reader.held(place.hub, place.partition)
        start = min(max(first, held.start), last + 1)
        if not is_new:
            await self._tell_lost(place, first, start - 1)
        if start > last:
            return [], last
        through = min(start + self._slice - 1, last)
        group = back_group(place.reader)
        read = await self._reader.read(place.hub, place.partition, start, through, group)
        found = {each.sequence: each for each in read}
        through = max(found, default=through)
        for gone in missing(found, start, through):
            await self._tell_lost(place, *gone)
        return [found[number] for number in sorted(found)], through

    async def _tell_lost(self, place: Place, first: int, last: int) -> None:
        if first <= last:
            lost = EventsLost(service=place.reader, hub=place.hub, partition=place.partition, first=first, last=last)
            await self._tell(place, lost)

    async def tell_replaced(self, place: Place, before: str, after: str) -> None:
        """Raises `Unavailable`."""
        await self._tell(place, HubReplaced(hub=place.hub, partition=place.partition, before=before, after=after))

    async def _tell(self, place: Place, fact: Event) -> None:
        identity = derive_id(fact.type, place.reader, fact.model_dump_json())
        envelope = Envelope.first(fact, id=identity, source="/sluice/streams", time=self._clock.now())
        await self._publisher.publish("events", [envelope])


def missing(present: Iterable[int], first: int, last: int) -> list[tuple[int, int]]:
    """The stretches of `first`..`last` that are not in `present`, both ends included."""
    inside = [number for number in sorted(present) if first <= number <= last]
    edges = pairwise([first - 1, *inside, last + 1])
    return [(before + 1, after - 1) for before, after in edges if after - before > 1]
