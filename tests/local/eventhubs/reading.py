"""Read hubs with the real asynchronous consumer, as tests need it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from azure.eventhub import EventData
from azure.eventhub import EventHubConsumerClient as SynchronousConsumer
from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.amqp import AmqpMessageBodyType

from tests.support.eventually import PATIENCE_S, aeventually

_CLOSING: dict[asyncio.AbstractEventLoop, list[asyncio.Task[None]]] = {}


class Reading:
    """What a consumer got so far: events with their partition, and errors."""

    def __init__(self, client: EventHubConsumerClient) -> None:
        self.client = client
        self.received: list[tuple[str, Any]] = []
        self.errors: list[Exception] = []
        self.initialized: set[str] = set()
        self.closed: list[tuple[str, str]] = []

    @property
    def bodies(self) -> list[str]:
        """Of all events, in the order they came."""
        return [text_of(event) for _, event in self.received]

    def events(self, partition: str | None = None) -> list[Any]:
        """Of one partition, or all."""
        return [event for where, event in self.received if partition in (None, where)]

    async def until(self, count: int, timeout_s: float = PATIENCE_S) -> list[str]:
        """Wait until at least so many events came, and their bodies; raise the first error that comes instead."""
        await self.until_count(count, timeout_s)
        return self.bodies

    async def until_count(self, count: int, timeout_s: float = PATIENCE_S) -> None:
        """The same, whatever the bodies are."""

        async def enough() -> bool:
            if self.errors:
                raise self.errors[0]
            return len(self.received) >= count

        try:
            await aeventually(enough, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{len(self.received)} of {count} events came") from error

    async def until_error(self) -> Exception:
        """Wait for an error."""

        async def failed() -> list[Exception]:
            return self.errors

        return (await aeventually(failed))[0]

    async def until_reading(self, partitions: int) -> None:
        """Wait until so many partitions are being read."""

        async def started() -> bool:
            return len(self.initialized) >= partitions

        await aeventually(started)


def text_of(event: Any) -> str:
    """The body, as well as it can be shown as text."""
    if event.body_type is not AmqpMessageBodyType.DATA:
        return repr(event.raw_amqp_message)
    return b"".join(event.body).decode(errors="replace")


class Arrivals:
    """What came to a consumer that was reading already, from now on."""

    def __init__(self, seen: Reading) -> None:
        self._seen = seen
        self._before = len(seen.received)

    @property
    def received(self) -> list[tuple[str, Any]]:
        """Events with their partition."""
        return self._seen.received[self._before :]

    def events(self) -> list[Any]:
        """Without their partition."""
        return [event for _, event in self.received]

    def bodies(self) -> list[str]:
        """In the order they came."""
        return [text_of(event) for event in self.events()]

    async def until(self, count: int) -> list[str]:
        """Wait for so many, and their bodies."""
        await self._seen.until_count(self._before + count)
        return self.bodies()

    async def until_count(self, count: int) -> None:
        """The same, whatever the bodies are."""
        await self._seen.until_count(self._before + count)


@contextlib.asynccontextmanager
async def reading(
    connection: str,
    group: str = "$Default",
    store: Any = None,
    client_options: dict[str, Any] | None = None,
    **how: Any,
) -> AsyncIterator[Reading]:
    """Receive batches in the background while the context lasts; `how` goes to `receive_batch`."""
    options: dict[str, Any] = {
        "checkpoint_store": store,
        "retry_total": 0,
        "load_balancing_interval": 1,
        **(client_options or {}),
    }
    client = EventHubConsumerClient.from_connection_string(connection, group, **options)
    seen = Reading(client)

    async def on_batch(context: Any, events: list[Any]) -> None:
        if store is not None and events:
            await context.update_checkpoint()
        # Last: whoever sees an event may close this consumer at once, and what it saw must be in the checkpoint then.
        seen.received.extend((context.partition_id, event) for event in events)

    async def on_error(_: Any, error: Exception) -> None:
        seen.errors.append(error)

    async def on_initialize(context: Any) -> None:
        seen.initialized.add(context.partition_id)

    async def on_close(context: Any, reason: Any) -> None:
        seen.closed.append((context.partition_id, reason.name))

    callbacks: dict[str, Any] = {
        "on_error": on_error,
        "on_partition_initialize": on_initialize,
        "on_partition_close": on_close,
    }
    task = asyncio.create_task(client.receive_batch(on_batch, **callbacks, **how))
    try:
        yield seen
    finally:
        # The SDK detaches at once, but then sleeps for a second; nobody needs to wait for that.
        _CLOSING.setdefault(asyncio.get_running_loop(), []).append(asyncio.create_task(_close(client, task)))
        await asyncio.sleep(0)


async def _close(client: EventHubConsumerClient, task: asyncio.Task[None]) -> None:
    await client.close()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def refusal(connection: str, group: str = "$Default", **how: Any) -> Exception:
    """What the synchronous consumer is told when its link is refused.

    The asynchronous one of 5.15.1 is told nothing but a stolen link: it takes the attach without a source for its own
    closing, and opens again without end.
    """
    client = SynchronousConsumer.from_connection_string(connection, group, retry_total=0)
    told: list[Exception] = []

    def on_error(_: Any, error: Exception) -> None:
        told.append(error)
        client.close()

    where: dict[str, Any] = {"partition_id": "0", "starting_position": "-1", **how}
    await asyncio.to_thread(client.receive_batch, lambda _context, _events: None, on_error=on_error, **where)
    return told[0]


async def all_closed() -> None:
    """Wait for the consumers of this event loop that are still closing; call it before the loop ends."""
    await asyncio.gather(*_CLOSING.pop(asyncio.get_running_loop(), []))


async def last_sequence(producer: EventHubProducerClient, partition: str) -> int:
    """Of a partition; reading from behind it skips what earlier tests sent."""
    properties = await producer.get_partition_properties(partition)
    number: int = properties["last_enqueued_sequence_number"]
    return number


async def send_texts(producer: EventHubProducerClient, texts: list[str], **where: Any) -> None:
    """One batch; `where` is `partition_id` or `partition_key`."""
    batch = await producer.create_batch(**where)
    for text in texts:
        batch.add(EventData(text))
    await producer.send_batch(batch)
