"""Reading a hub as people do: from a moment on, to its present end or for ever."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.eventhub import EventData
from azure.eventhub.aio import EventHubConsumerClient

from shared.adapters.azure.event_hubs.clients import attempt, meaning
from shared.adapters.azure.event_hubs.opening import SDK_ERRORS, open_client
from shared.adapters.azure.event_hubs.survey import EventHubSurvey
from shared.ports import Hub, Refused, Unavailable
from shared.settings.operator import NoSettings, OperatorSettings

_ARRIVING_S = 0.5


@dataclass(frozen=True, slots=True)
class Received:
    """One message, and when the hub took it."""

    hub: Hub
    partition: int
    sequence: int
    enqueued_at: datetime
    body: bytes

    def events(self) -> Iterator[dict[str, Any]]:
        """Event Grid sends arrays; what is no JSON object comes as what it is, without a type."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = self.body.decode("utf-8", "replace")
        for each in value if isinstance(value, list) else [value]:
            yield each if isinstance(each, dict) else {"data": {"reason": str(each)[:200]}}


async def follow(settings: OperatorSettings, hub: Hub, since: datetime | None) -> AsyncGenerator[Received]:
    """Messages as they come, without end; `since` None is the hub's beginning. Raises as `read` does."""
    await _be_let_in(settings, hub)
    async with _client(settings, hub) as client:
        partitions = await attempt(f"read hub {hub}", client.get_partition_ids)
        async with aclosing(_receive(client, hub, partitions, since)) as messages:
            async for message in messages:
                yield message


async def read(settings: OperatorSettings, hub: Hub, since: datetime | None, timeout_s: float) -> list[Received]:
    """What the hub holds now, in the order of arrival.

    Raises `Unavailable` (no right to listen, or longer than `timeout_s`), `Refused` (no such group) or `NoSettings`.
    """
    try:
        async with asyncio.timeout(timeout_s):
            found = await _unless_shut_out(settings, hub, since)
    except TimeoutError as error:
        raise Unavailable(f"hub {hub} could not be read within {timeout_s:g} s; a longer --timeout may help") from error
    return sorted(found, key=lambda message: (message.enqueued_at, message.partition, message.sequence))


async def _unless_shut_out(settings: OperatorSettings, hub: Hub, since: datetime | None) -> list[Received]:
    """Whether one is let in is asked beside the reading, for that takes a second."""
    asking = asyncio.create_task(_be_let_in(settings, hub))
    reading = asyncio.create_task(_present(settings, hub, since))
    try:
        await asyncio.wait({asking, reading}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            await asking
        return await reading
    finally:
        for task in (asking, reading):
            task.cancel()
        await asyncio.gather(asking, reading, return_exceptions=True)


async def _be_let_in(settings: OperatorSettings, hub: Hub) -> None:
    """The SDK's asynchronous reader is told nothing of a link that is refused: it would ask again without end."""
    address = settings.hub(hub)
    try:
        there = await EventHubSurvey({hub: address}).has_group(hub, settings.observers)
    except Refused as error:
        raise NoSettings(str(error)) from error
    if not there:
        raise Refused(f"hub {hub} has no consumer group {settings.observers}")


async def _present(settings: OperatorSettings, hub: Hub, since: datetime | None) -> list[Received]:
    async with _client(settings, hub) as client:
        ends = await attempt(f"read hub {hub}", lambda: _ends(client, since))
        return await _until(client, hub, ends, since)


def _client(settings: OperatorSettings, hub: Hub) -> EventHubConsumerClient:
    try:
        return open_client(EventHubConsumerClient, settings.hub(hub), consumer_group=settings.observers)
    except NoSettings:
        raise
    except ValueError as error:
        raise NoSettings(f"HUB_{hub.upper().replace('-', '_')}: {error}") from error


async def _ends(client: EventHubConsumerClient, since: datetime | None) -> dict[str, int]:
    """Last sequence number of every partition that holds something to read."""
    partitions = await client.get_partition_ids()
    known = await asyncio.gather(*(client.get_partition_properties(partition) for partition in partitions))
    return {
        partition: end["last_enqueued_sequence_number"]
        for partition, end in zip(partitions, known, strict=True)
        if not end["is_empty"] and (since is None or _aware(end["last_enqueued_time_utc"]) > since)
    }


async def _until(
    client: EventHubConsumerClient, hub: Hub, ends: dict[str, int], since: datetime | None
) -> list[Received]:
    found: list[Received] = []
    open_ends = {int(partition): last for partition, last in ends.items()}
    if not open_ends:
        return found
    async with aclosing(_receive(client, hub, list(ends), since)) as messages:
        async for message in messages:
            last = ends[str(message.partition)]
            if message.sequence <= last:
                found.append(message)
            if message.sequence >= last:
                open_ends.pop(message.partition, None)
            if not open_ends:
                break
    return found


async def _receive(
    client: EventHubConsumerClient, hub: Hub, partitions: list[str], since: datetime | None
) -> AsyncGenerator[Received]:
    """A receiver for each partition, for none of them is known to end; an error of any of them ends them all."""
    arrived: asyncio.Queue[Received | Exception] = asyncio.Queue(maxsize=1000)

    async def take(context: Any, events: list[EventData]) -> None:
        for event in events:
            await arrived.put(_message(hub, int(context.partition_id), event))

    async def fail(_context: object, error: Exception) -> None:
        await arrived.put(error)

    async def receive(partition: str) -> None:
        await client.receive_batch(
            take, partition_id=partition, starting_position=since or "-1", max_batch_size=300,
            max_wait_time=_ARRIVING_S, on_error=fail,
        )  # fmt: skip

    tasks = [asyncio.create_task(receive(partition)) for partition in partitions]
    try:
        while True:
            message = await arrived.get()
            if isinstance(message, SDK_ERRORS):
                raise meaning(message, f"read hub {hub}") from message
            if isinstance(message, Exception):
                raise message
            yield message
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _message(hub: Hub, partition: int, event: Any) -> Received:
    body = event.body if isinstance(event.body, bytes) else b"".join(event.body)
    return Received(hub, partition, int(event.sequence_number or 0), _aware(event.enqueued_time), body)


def _aware(moment: datetime | None) -> datetime:
    moment = moment or datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
