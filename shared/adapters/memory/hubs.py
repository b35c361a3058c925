"""Hubs as lists of messages, one list for each partition."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from shared.events import Envelope, encode
from shared.ports import EventPublisher, Hub, HubReader, Message, Refused


class MemoryEventPublisher(EventPublisher):
    """`published` holds the envelopes of each hub in order, `messages` what a reader sees.

    `replace` does what deleting a hub and creating it again does.
    """

    def __init__(self, partitions: int = 1, limit_bytes: int = 1024 * 1024) -> None:
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
            messages = self.messages[hub, partition]
            messages.append(Message(hub=hub, partition=partition, sequence=len(messages), body=body))
            self.published[hub].append(envelope)


class MemoryHubReader(HubReader):
    def __init__(self, publisher: MemoryEventPublisher) -> None:
        self._publisher = publisher

    async def read(self, hub: Hub, partition: int, first: int, last: int) -> Sequence[Message]:
        messages = self._publisher.messages[hub, partition]
        return [message for message in messages if first <= message.sequence <= last]

    async def held(self, hub: Hub, partition: int) -> range:
        messages = self._publisher.messages[hub, partition]
        return range(messages[0].sequence, messages[-1].sequence + 1) if messages else range(0)

    async def epoch(self, hub: Hub) -> str:
        return self._publisher.epoch
