"""The log behind a hub partition: which one it is, and what a delivery left out of it."""

from collections.abc import Sequence

from shared.events import Envelope, Event, EventsLost, HubReplaced, derive_id
from shared.ports import Clock, EventPublisher, Hub, HubReader, Message

# Read back at once: bounds memory, and what is read again after a crash.
SLICE = 500


class HubLog:
    """Reads back what was left out, slice by slice, and says what the hub no longer has and when it is another one."""

    def __init__(self, reader: HubReader, publisher: EventPublisher, clock: Clock, slice: int = SLICE) -> None:
        self._reader, self._publisher, self._clock, self._slice = reader, publisher, clock, slice

    async def epoch(self, hub: Hub) -> str:
        """Raises `Unavailable`."""
        return await self._reader.epoch(hub)

    async def read_back(
        self, service: str, hub: Hub, partition: int, first: int, last: int, epoch: str
    ) -> tuple[Sequence[Message], int]:
        """The first slice of `first`..`last` that the hub still has, and the number up to which that is everything.

        What is lost of it is told, but for what a service never had: `epoch` is "" where it has no position yet.
        Raises `Unavailable`.
        """
        found = await self._reader.read(hub, partition, first, last, self._slice)
        through = found[-1].sequence if found else last
        if epoch:
            await self._tell_lost(service, hub, partition, epoch, first, (found[0].sequence if found else last + 1) - 1)
        return found, through

    async def _tell_lost(self, service: str, hub: Hub, partition: int, epoch: str, first: int, last: int) -> None:
        if last >= first:
            lost = EventsLost(service=service, hub=hub, partition=partition, first=first, last=last)
            await self._tell(lost, "events-lost", service, hub, str(partition), str(first), str(last), epoch)

    async def tell_replaced(self, replaced: HubReplaced) -> None:
        """Raises `Unavailable`."""
        await self._tell(replaced, "hub-replaced", replaced.hub, str(replaced.partition), replaced.after)

    async def _tell(self, event: Event, *identity: str) -> None:
        envelope = Envelope.first(event, id=derive_id(*identity), source="/sluice/streams", time=self._clock.now())
        await self._publisher.publish("events", [envelope])
