"""No try at a partition lasts long, and whoever has tried for minutes says once where it stands, and why."""

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from shared.events import Envelope, LaneStalled, derive_id
from shared.ports import Clock, EventPublisher, Place, Unavailable
from shared.reactor.overruns import Overruns

PATIENCE = timedelta(minutes=5)
# The host's own time-out, in host.json, is ten minutes.
DEADLINE = timedelta(seconds=60)


class Stalls:
    """`deadline` ends every try; what it has done by then stands."""

    def __init__(
        self, publisher: EventPublisher, clock: Clock, patience: timedelta = PATIENCE, deadline: timedelta = DEADLINE,
        overruns: Overruns | None = None,
    ) -> None:  # fmt: skip
        self._publisher, self._clock, self._patience = publisher, clock, patience
        self._deadline, self._overruns = deadline, overruns or Overruns()
        self._since: dict[Place, datetime] = {}
        self._told: set[Place] = set()

    async def watch(
        self, place: Place, sequence: int, work: Coroutine[Any, Any, None], since: datetime | None = None
    ) -> None:
        """A try at what begins at `sequence`, and has waited since then if that is known.

        Raises what the work raises, and `Unavailable` when it was not done in time: the position holds.
        """
        try:
            await self._in_time(place, work)
        except Exception as error:  # raised again
            self._since.setdefault(place, since or self._clock.now())
            await self._note(place, sequence, error)
            raise
        self._since.pop(place, None)
        self._told.discard(place)

    async def _in_time(self, place: Place, work: Coroutine[Any, Any, None]) -> None:
        name = f"{place.reader} in {place.hub}/{place.partition}"
        try:
            await self._overruns.within(self._deadline, name, work)
        except TimeoutError as error:
            raise Unavailable(str(error)) from error

    async def _note(self, place: Place, sequence: int, error: BaseException) -> None:
        since = self._since[place]
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
