"""What a partition of rows skipped is read back before it is folded."""

from collections.abc import Callable, Sequence

from shared.events import Envelope, EventsLost, derive_id
from shared.ports import Clock, EventPublisher, Hub, HubReader, Message
from shared.reactor.patience import Handled
from shared.reactor.reading import missing

type Count = Callable[[str, Handled], None]


class Gaps:
    """Reads back what a partition skipped, and says what it no longer has."""

    def __init__(self, reader: HubReader, publisher: EventPublisher, clock: Clock) -> None:
        self._reader, self._publisher, self._clock = reader, publisher, clock

    async def close(self, service: str, hub: Hub, last: int | None, messages: Sequence[Message]) -> list[Message]:
        """`messages` in the partition's order, each once, with what is absent after `last`. Raises `Unavailable`.

        Where there is no `last`, all that the hub still has was for this service; what it no longer has never was.
        """
        partition, known = messages[0].partition, {message.sequence: message for message in messages}
        first, end = 0 if last is None else last + 1, max(known)
        for start, stop in missing(known, first, end):
            for message in await self._reader.read(hub, partition, start, stop):
                known[message.sequence] = message
        for start, stop in missing(known, min(known) if last is None else first, end):
            await self._tell_lost(EventsLost(service=service, hub=hub, partition=partition, first=start, last=stop))
        return [known[sequence] for sequence in sorted(known)]

    async def _tell_lost(self, lost: EventsLost) -> None:
        place = (lost.hub, str(lost.partition), str(lost.first), str(lost.last))
        identity = derive_id("events-lost", lost.service, *place)
        envelope = Envelope.first(lost, id=identity, source="/sluice/streams", time=self._clock.now())
        await self._publisher.publish("events", [envelope])
