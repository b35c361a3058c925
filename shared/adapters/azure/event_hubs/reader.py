"""Reading a stretch of a partition back from Event Hubs."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from azure.eventhub import EventData
from azure.eventhub.aio import EventHubConsumerClient
from azure.eventhub.amqp import AmqpMessageBodyType

from shared.adapters.azure.event_hubs.clients import meaning
from shared.adapters.azure.event_hubs.opening import SDK_ERRORS, open_client
from shared.ports import Extent, Hub, HubReader, Message, Refused, Unavailable
from shared.ports.streams.hub_reader import READ_BYTES

# Messages may have a megabyte each: so many lie in memory beside what is read.
_AT_ONCE = 50


class EventHubReader(HubReader):
    """Without an epoch, so that it never throws out the function that reads the same partition.

    `groups` names the consumer group for each hub, `$Default` where it says nothing; `timeout_s` bounds one call.
    A connection is what `EventHubPublisher` takes.
    """

    def __init__(
        self, connections: Mapping[Hub, str], groups: Mapping[Hub, str] | None = None, timeout_s: float = 20
    ) -> None:
        self._connections = connections
        self._groups = groups or {}
        self._timeout_s = timeout_s

    async def read(self, hub: Hub, partition: int, first: int, last: int, group: str = "") -> Sequence[Message]:
        async with self._client(hub, f"read {hub}/{partition} back by {group or 'its usual group'}", group) as client:
            return await _read(client, hub, partition, first, last)

    async def held(self, hub: Hub, partition: int) -> range:
        async with self._client(hub, f"ask what {hub}/{partition} holds") as client:
            return await _held(client, str(partition))

    async def epoch(self, hub: Hub) -> str:
        async with self._client(hub, f"ask when {hub} was created") as client:
            return _epoch(await client.get_eventhub_properties())

    async def extent(self, hub: Hub) -> Extent:
        async with self._client(hub, f"ask how far {hub} goes") as client:
            known = await client.get_eventhub_properties()
            # The client opens a connection for each question: one after the other takes seconds where there are many.
            held = await asyncio.gather(*(_held(client, partition) for partition in known["partition_ids"]))
            return Extent(_epoch(known), dict(zip(map(int, known["partition_ids"]), held, strict=True)))

    @asynccontextmanager
    async def _client(self, hub: Hub, doing: str, group: str = "") -> AsyncIterator[EventHubConsumerClient]:
        if hub not in self._connections:
            raise Refused(f"hub {hub}: this app has no connection to it")
        group = group or self._groups.get(hub, "$Default")
        client = open_client(EventHubConsumerClient, self._connections[hub], consumer_group=group)
        try:
            async with client, asyncio.timeout(self._timeout_s):
                yield client
        except TimeoutError as error:
            raise Unavailable(f"{doing}: not done within {self._timeout_s} s") from error
        except SDK_ERRORS as error:
            raise meaning(error, doing) from error


async def _held(client: EventHubConsumerClient, partition: str) -> range:
    known = await client.get_partition_properties(partition)
    last = known["last_enqueued_sequence_number"]
    return range(last + 1 if known["is_empty"] else known["beginning_sequence_number"], last + 1)


def _epoch(known: Mapping[str, Any]) -> str:
    created: datetime = known["created_at"]
    return created.astimezone(UTC).isoformat()


async def _read(client: EventHubConsumerClient, hub: Hub, partition: int, first: int, last: int) -> list[Message]:
    held = await _held(client, str(partition))
    first, last = max(first, held.start), min(last, held.stop - 1)
    if last < first:
        return []
    stretch = _Stretch(hub, partition, first, last)
    receiving = asyncio.create_task(
        client.receive_batch(
            stretch.take,
            partition_id=str(partition),
            starting_position=first,
            starting_position_inclusive=True,
            max_batch_size=min(_AT_ONCE, last - first + 1),
            prefetch=_AT_ONCE,
            max_wait_time=0.2,
            on_error=stretch.fail,
        )
    )
    try:
        found = await stretch.complete
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
    return _complete(found, first, found[-1].sequence if stretch.is_full else last)


def _complete(found: list[Message], first: int, last: int) -> list[Message]:
    """Each once and in order. What the hub still holds must not be taken for lost because a delivery left it out."""
    by_sequence = {message.sequence: message for message in found}
    absent = [sequence for sequence in range(first, last + 1) if sequence not in by_sequence]
    if absent:
        raise Unavailable(f"the hub holds number {absent[0]}, and did not deliver it")
    return [by_sequence[sequence] for sequence in range(first, last + 1)]


class _Stretch:
    """Collects messages until the last one is there, or as much as is read at once."""

    def __init__(self, hub: Hub, partition: int, first: int, last: int) -> None:
        self._hub, self._partition, self._first, self._last = hub, partition, first, last
        self._messages: list[Message] = []
        self._size = 0
        self.complete: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()

    async def take(self, _context: object, events: list[EventData]) -> None:
        for event in events:
            if self.complete.done():
                return
            sequence = int(event.sequence_number or 0)
            if self._first <= sequence <= self._last:
                self._keep(sequence, event)
            if sequence >= self._last or self.is_full:
                self.complete.set_result(self._messages)

    @property
    def is_full(self) -> bool:
        return self._size > READ_BYTES

    def _keep(self, sequence: int, event: EventData) -> None:
        body, flaw = _body(event)
        self._size += len(body)
        if not self._messages or self._size <= READ_BYTES:
            self._messages.append(Message(self._hub, self._partition, sequence, body, event.enqueued_time, flaw))

    async def fail(self, _context: object, error: Exception) -> None:
        if not self.complete.done():
            self.complete.set_exception(error)


def _body(event: Any) -> tuple[bytes, str]:
    """The bytes of a message, and what is wrong with them: AMQP knows bodies that no event of ours has."""
    if event.body_type == AmqpMessageBodyType.DATA:
        return b"".join(event.body), ""
    name = event.body_type.value
    body = list(event.body) if event.body_type == AmqpMessageBodyType.SEQUENCE else event.body
    flaw = f"body: bytes are required, found an AMQP {name} section"
    if isinstance(body, bytes):
        return body, flaw
    return (body if isinstance(body, str) else repr(body)).encode(errors="replace"), flaw
