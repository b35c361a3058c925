"""Batches from a hub partition: nothing lost unseen, nothing unreadable in the way.

The Event Hubs checkpoint moves even when a function raised, so these raise only when the ledger, the positions or the
dead letters cannot be written, and the function's own retry policy then holds the partition.
"""

import asyncio
import traceback
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from shared.events import Envelope, EventsLost, Unreadable, decode, derive_id
from shared.events.hubs import may_carry
from shared.ports import Clock, EventPublisher, Hub, HubReader, Message, Positions, Unavailable
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.patience import Handled
from shared.reactor.reactor import Reactor
from shared.reactor.service import Service

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


def missing(present: Iterable[int], first: int, last: int) -> list[tuple[int, int]]:
    """The stretches of `first`..`last` that are not in `present`, both ends included."""
    inside = [number for number in sorted(present) if first <= number <= last]
    edges = pairwise([first - 1, *inside, last + 1])
    return [(before + 1, after - 1) for before, after in edges if after - before > 1]


class Streams:
    """Hands the events of a hub partition to one service, in order for each entity, several entities at once."""

    def __init__(
        self, reactor: Reactor, positions: Positions, gaps: Gaps, dead_letters: DeadLetters, count: Count | None = None
    ) -> None:
        self._reactor, self._positions, self._gaps, self._dead = reactor, positions, gaps, dead_letters
        self._count = count or (lambda service, handled: None)

    async def consume(self, service: Service, hub: Hub, messages: Sequence[Message]) -> None:
        """See a batch of one partition through. Raises `Unavailable` when nothing can be written."""
        if not messages:
            return
        partition = messages[0].partition
        last = await self._positions.last(service.name, hub, partition)
        batch = await self._gaps.close(service.name, hub, last, messages)
        readable = [pair for message in batch if (pair := await self._read(service, message))]
        async with asyncio.TaskGroup() as group:
            for chain in _by_entity(readable):
                group.create_task(self._chain(service, chain))
        await self._positions.advance(service.name, hub, partition, batch[-1].sequence)

    async def _read(self, service: Service, message: Message) -> tuple[Message, Envelope[Any]] | None:
        try:
            envelope = decode(message.body)
            if not may_carry(message.hub, envelope.data):
                raise Unreadable(f"type: hub {message.hub} may not carry {envelope.data.type}")
            return message, envelope
        except Unreadable as reason:
            await self._dead.bury(service.name, message, str(reason))
            return None

    async def _chain(self, service: Service, chain: Iterable[tuple[Message, Envelope[Any]]]) -> None:
        for message, envelope in chain:
            try:
                self._count(service.name, await self._reactor.handle(service, envelope))
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - a bug must not hold the partition: the event is kept, with the traceback
                await self._dead.bury(service.name, message, traceback.format_exc(limit=-5), envelope)


def _by_entity(pairs: Iterable[tuple[Message, Envelope[Any]]]) -> list[list[tuple[Message, Envelope[Any]]]]:
    chains: dict[object, list[tuple[Message, Envelope[Any]]]] = {}
    for message, envelope in pairs:
        chains.setdefault(envelope.data.entity, []).append((message, envelope))
    return list(chains.values())
