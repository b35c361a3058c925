"""Messages to one hub, as few batches as they fit. Free of our events, as `opening` is."""

from collections.abc import Sequence
from functools import partial

from azure.eventhub import EventData, EventDataBatch
from azure.eventhub.aio import EventHubProducerClient

from shared.adapters.azure.event_hubs.message import OutgoingMessage
from shared.adapters.azure.event_hubs.opening import HubFailure, persistently


async def send(
    producer: EventHubProducerClient, hub: str, messages: Sequence[OutgoingMessage], content_type: str
) -> None:
    """Raises `HubFailure`: for ever if one is larger than a message may be, and nothing was sent then."""
    for batch in await persistently(f"open hub {hub}", lambda: _batches(producer, hub, messages, content_type)):
        await persistently(f"send to hub {hub}", partial(producer.send_batch, batch))


async def _batches(
    producer: EventHubProducerClient, hub: str, messages: Sequence[OutgoingMessage], content_type: str
) -> list[EventDataBatch]:
    """All are built before the first is sent, so that a message too large sends nothing."""
    by_key: dict[str | None, list[OutgoingMessage]] = {}
    for message in messages:
        by_key.setdefault(message.partition_key, []).append(message)
    return [batch for same in by_key.values() for batch in await _of_key(producer, hub, same, content_type)]


async def _of_key(
    producer: EventHubProducerClient, hub: str, messages: Sequence[OutgoingMessage], content_type: str
) -> list[EventDataBatch]:
    key = messages[0].partition_key
    batches = [await producer.create_batch(partition_key=key)]
    for message in messages:
        if not _fits(batches[-1], message, content_type):
            batches.append(await producer.create_batch(partition_key=key))
            if not _fits(batches[-1], message, content_type):
                too_large = f"hub {hub}: event {message.name} is larger than a message may be"
                raise HubFailure(too_large, is_for_ever=True)
    return batches


def _fits(batch: EventDataBatch, message: OutgoingMessage, content_type: str) -> bool:
    """Add the message, unless the batch is full."""
    data = EventData(message.body)
    data.content_type = content_type
    try:
        batch.add(data)
    except ValueError:
        return False
    return True
