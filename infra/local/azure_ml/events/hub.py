"""The hub as Event Grid writes to it: one message per event, its body a JSON array of one CloudEvent."""

import json

from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient

from infra.local.azure_ml.events.shapes import Event


class HubSink:
    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._producer: EventHubProducerClient | None = None

    async def send(self, event: Event) -> None:
        """The partition key is the resource's name, as the templates have it: its events stay in order."""
        if self._producer is None:
            # The outbox retries without end; retries inside the client would only hide the outage.
            self._producer = EventHubProducerClient.from_connection_string(self._connection, retry_total=0)
        try:
            batch = await self._producer.create_batch(partition_key=event["source"].rpartition("/")[2])
            batch.add(_message(event))
            await self._producer.send_batch(batch)
        except Exception:
            await self.close()
            raise

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()


def _message(event: Event) -> EventData:
    message = EventData(json.dumps([event]).encode())
    message.content_type = "application/cloudevents-batch+json; charset=utf-8"
    message.properties = {
        "aeg-event-type": "Notification",
        "aeg-delivery-count": "0",
        "aeg-data-version": "",
        "aeg-metadata-version": "1",
    }
    return message
