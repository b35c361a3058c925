"""Hubs as lists of messages, one list for each partition."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from shared.events import Envelope, encode
from shared.ports import Clock, EventPublisher, Extent, Hub, HubReader, Message, Refused
from shared.ports.streams.hub_reader import READ_BYTES


class MemoryEventPublisher(EventPublisher):
    """`published` holds the envelopes of each hub in order, `messages` what a reader sees; `clock` is the hub's.

    `replace` does what deleting a hub and creating it again does.
    """

    def __init__(self, partitions: int = 1, limit_bytes: int = 1024 * 1024, clock: Clock | None = None) -> None:
        self._clock = clock
        self.epoch = "2026-01-01T00:00:00+00:00"
        self.published: dict[Hub, list[Envelope[Any]]] = defaultdict(list)
        self.messages: dict[tuple[Hub, int], list[Message]] = defaultdict(list)
        self._partitions = partitions
        self._limit_bytes = limit_bytes

    def replace(self, hub: Hub) -> None:
        self.epoch = (datetime.fromisoformat(self.epoch) + timedelta(days=1)).isoformat()
        for place in [place for place in self.messages if place[0] == hub]:
            del self.messages[place]

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        bodies = [encode(envelope) for envelope in envelopes]
        if any(len(body) > self._limit_bytes for body in bodies):
            raise Refused(f"hub {hub}: an event is larger than {self._limit_bytes} bytes")
        for envelope, body in zip(envelopes, bodies, strict=True):
            partition = crc32(envelope.data.entity.partition_key.encode()) % self._partitions
            self.put(hub, partition, body)
            self.published[hub].append(envelope)

    def put(self, hub: Hub, partition: int, body: bytes, flaw: str = "") -> None:
        """Whatever anybody may send."""
        messages, now = self.messages[hub, partition], self._clock.now() if self._clock else None
        messages.append(Message(hub, partition, len(messages), body, now, flaw))

    @property
    def partitions(self) -> range:
        return range(self._partitions)


class MemoryHubReader(HubReader):
    def __init__(self, publisher: MemoryEventPublisher) -> None:
        self._publisher = publisher

    async def read(self, hub: Hub, partition: int, first: int, last: int, group: str = "") -> Sequence[Message]:
        messages = self._publisher.messages[hub, partition]
        return within(READ_BYTES, [message for message in messages if first <= message.sequence <= last])

    async def held(self, hub: Hub, partition: int) -> range:
        messages = self._publisher.messages[hub, partition]
        return range(messages[0].sequence, messages[-1].sequence + 1) if messages else range(0)

    async def epoch(self, hub: Hub) -> str:
        return self._publisher.epoch

    async def extent(self, hub: Hub) -> Extent:
        held = {partition: await self.held(hub, partition) for partition in self._publisher.partitions}
        return Extent(self._publisher.epoch, held)


def within(most: int, messages: Sequence[Message]) -> Sequence[Message]:
    """The first of these, up to so many bytes, but one at least."""
    size = 0
    for count, message in enumerate(messages):
        size += len(message.body)
        if count and size > most:
            return messages[:count]
    return messages
