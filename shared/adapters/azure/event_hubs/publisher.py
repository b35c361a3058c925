"""Events out to Event Hubs: structured CloudEvents, in order for each entity."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from azure.eventhub import EventData, EventDataBatch
from azure.eventhub.aio import EventHubProducerClient

from shared.adapters.azure.event_hubs.clients import attempt, open_client
from shared.events import CONTENT_TYPE, Envelope, encode
from shared.ports import EventPublisher, Hub, Refused


class EventHubPublisher(EventPublisher):
    """One producer for each hub, opened at first use and kept. `connections` maps hubs to connection strings.

    A connection is a connection string with `EntityPath`, or `<namespace>/<hub>` for the app's own identity.
    """

    def __init__(self, connections: Mapping[Hub, str]) -> None:
        self._connections = connections
        self._producers: dict[Hub, EventHubProducerClient] = {}
        # Two callers at once must not interleave the batches of one entity.
        self._locks: dict[Hub, asyncio.Lock] = {}

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        async with self._locks.setdefault(hub, asyncio.Lock()):
            producer = self._producer(hub)
            for batch in await attempt(f"open hub {hub}", lambda: _batches(producer, hub, envelopes)):
                await attempt(f"send to hub {hub}", partial(producer.send_batch, batch))

    def _producer(self, hub: Hub) -> EventHubProducerClient:
        if hub not in self._connections:
            raise Refused(f"hub {hub}: this app has no connection to it")
        if hub not in self._producers:
            self._producers[hub] = open_client(EventHubProducerClient, self._connections[hub])
        return self._producers[hub]

    async def close(self) -> None:
        for producer in self._producers.values():
            await producer.close()
        self._producers.clear()


async def _batches(
    producer: EventHubProducerClient, hub: Hub, envelopes: Sequence[Envelope[Any]]
) -> list[EventDataBatch]:
    """All batches are built before the first is sent, so that an event too large sends nothing."""
    by_key: dict[str | None, list[Envelope[Any]]] = {}
    for envelope in envelopes:
        by_key.setdefault(_partition_key(hub, envelope), []).append(envelope)
    return [batch for key, some in by_key.items() for batch in await _of_key(producer, hub, key, some)]


def _partition_key(hub: Hub, envelope: Envelope[Any]) -> str | None:
    """Blocks of predictions merge in any order, so an endpoint's are spread over all partitions."""
    return None if hub == "predictions" else envelope.data.entity.partition_key


async def _of_key(
    producer: EventHubProducerClient, hub: Hub, key: str | None, envelopes: Sequence[Envelope[Any]]
) -> list[EventDataBatch]:
    batches = [await producer.create_batch(partition_key=key)]
    for envelope in envelopes:
        if not _fits(batches[-1], envelope):
            batches.append(await producer.create_batch(partition_key=key))
            if not _fits(batches[-1], envelope):
                raise Refused(f"hub {hub}: event {envelope.id} is larger than a message may be")
    return batches


def _fits(batch: EventDataBatch, envelope: Envelope[Any]) -> bool:
    """Add the event, unless the batch is full."""
    message = EventData(encode(envelope))
    message.content_type = CONTENT_TYPE
    try:
        batch.add(message)
    except ValueError:
        return False
    return True
