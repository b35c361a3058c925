"""Events out to Event Hubs: structured CloudEvents, in order for each entity."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from azure.eventhub.aio import EventHubProducerClient

from shared.adapters.azure.event_hubs.clients import in_words_of_ports
from shared.adapters.azure.event_hubs.encoding import message_of
from shared.adapters.azure.event_hubs.opening import HubFailure, open_client
from shared.adapters.azure.event_hubs.sending import send
from shared.events import CONTENT_TYPE, Envelope
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
            try:
                await send(producer, hub, [message_of(hub, each) for each in envelopes], CONTENT_TYPE)
            except HubFailure as failure:
                raise in_words_of_ports(failure) from failure

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
