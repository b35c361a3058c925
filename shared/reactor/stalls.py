"""Whatever holds a partition is noticed: a reader that has tried for minutes says once where it stands, and why."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from shared.events import Envelope, LaneStalled, derive_id
from shared.ports import Clock, EventPublisher, Place

PATIENCE = timedelta(minutes=5)


class Stalls:
    def __init__(self, publisher: EventPublisher, clock: Clock, patience: timedelta = PATIENCE) -> None:
        self._publisher, self._clock, self._patience = publisher, clock, patience
        self._since: dict[Place, datetime] = {}
        self._told: set[Place] = set()

    @asynccontextmanager
    async def watch(self, place: Place, sequence: int) -> AsyncIterator[None]:
        """Around every try at a batch, which begins at `sequence`."""
        try:
            yield
        except Exception as error:  # raised again
            await self._note(place, sequence, error)
            raise
        self._since.pop(place, None)
        self._told.discard(place)

    async def _note(self, place: Place, sequence: int, error: BaseException) -> None:
        since = self._since.setdefault(place, self._clock.now())
        if self._clock.now() - since < self._patience or place in self._told:
            return
        stalled = LaneStalled(
            lane=place.reader, hub=place.hub, partition=place.partition, sequence=sequence, since=since,
            reason=_words(error),
        )  # fmt: skip
        identity = derive_id("lane-stalled", *map(str, place), str(sequence), since.isoformat())
        envelope = Envelope.first(stalled, id=identity, source="/sluice/lanes", time=self._clock.now())
        await self._publisher.publish("events", [envelope])
        self._told.add(place)


def _words(error: BaseException) -> str:
    """Of a group of tasks that failed together, the first one's."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
