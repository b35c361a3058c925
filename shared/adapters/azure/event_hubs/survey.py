"""Looking at Event Hubs without reading or sending.

The data plane lists no consumer groups: one is tried by opening a link, which the service answers and then, where it
refuses, detaches with the reason. The client says nothing of that until something is received or sent. So its private
names are used to wait for it, hence its exact pin; the contract suite notices when they change.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import AuthenticationError

from shared.adapters.azure.event_hubs.clients import meaning
from shared.adapters.azure.event_hubs.opening import SDK_ERRORS, open_client
from shared.ports import Absent, Hub, HubShape, HubSurvey, Refused, Unavailable

# Each turn waits up to 200 ms for a frame; the refusal follows the answer to the attach at once.
_TURNS = 5
_NOT_FOUND, _SIGN_IN = "not-found", "client-error"


class EventHubSurvey(HubSurvey):
    """A connection is what `EventHubPublisher` takes; `timeout_s` bounds one call; `identity` is the process's own."""

    def __init__(self, connections: Mapping[Hub, str], timeout_s: float = 20, identity: Any = None) -> None:
        self._connections, self._timeout_s, self._identity = connections, timeout_s, identity

    async def shape(self, hub: Hub) -> HubShape:
        async with self._client(EventHubConsumerClient, hub, "ask about", consumer_group="$Default") as client:
            known = await client.get_eventhub_properties()
        created: datetime = known["created_at"]
        return HubShape(len(known["partition_ids"]), created.astimezone(UTC).isoformat())

    async def has_group(self, hub: Hub, group: str) -> bool:
        await self.shape(hub)
        try:
            async with self._client(EventHubConsumerClient, hub, f"read by group {group}", consumer_group=group) as it:
                # Without an epoch: it is refused where the host reads, and never throws the host out.
                consumer = it._create_consumer(group, "0", "@latest", _ignore, prefetch=1)
                await _opened(consumer)
        except Absent:
            return False
        except _Stolen:
            return True
        return True

    async def may_send(self, hub: Hub) -> None:
        async with self._client(EventHubProducerClient, hub, "send to") as client:
            await _opened(client._create_producer())

    async def now(self, hub: Hub) -> datetime | None:
        async with self._client(EventHubConsumerClient, hub, "ask the clock of", consumer_group="$Default") as client:
            for partition in await client.get_partition_ids():
                known = await client.get_partition_properties(partition)
                if not known["is_empty"]:
                    return await _clock(client, partition, known["last_enqueued_sequence_number"])
        return None

    @asynccontextmanager
    async def _client(self, kind: Any, hub: Hub, doing: str, **options: Any) -> AsyncIterator[Any]:
        doing = f"{doing} hub {hub}"
        if hub not in self._connections:
            raise Refused(f"{doing}: no connection to it is set")
        try:
            client = open_client(kind, self._connections[hub], self._identity, **options)
        except ValueError as error:
            raise Refused(f"{doing}: {error}") from error
        try:
            async with client, asyncio.timeout(self._timeout_s):
                yield client
        except TimeoutError as error:
            raise Unavailable(f"{doing}: not done within {self._timeout_s:g} s") from error
        except SDK_ERRORS as error:
            raise _meaning(error, doing) from error


class _Stolen(Exception):
    """A reader with an epoch is there: so is the group."""


async def _ignore(_: object) -> None:
    """What comes is of no interest."""


async def _opened(link: Any) -> None:
    """Open it, and wait whether it is closed again."""
    try:
        await link._open()
        for _ in range(_TURNS):
            await link._handler.do_work_async()
    except Exception as error:  # the client's own translation tells what is what, and passes on the rest
        raise await link._handle_exception(error) from error
    finally:
        await link.close()


async def _clock(client: EventHubConsumerClient, partition: str, last: int) -> datetime:
    said: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()

    async def take(context: Any, event: Any) -> None:
        if not said.done():
            said.set_result(context.last_enqueued_event_properties["retrieval_time"])

    async def fail(_: object, error: Exception) -> None:
        if not said.done():
            said.set_exception(error)

    receiving = asyncio.create_task(
        client.receive(
            take, partition_id=partition, starting_position=last, starting_position_inclusive=True, on_error=fail,
            track_last_enqueued_event_properties=True,
        )
    )  # fmt: skip
    try:
        return await said
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)


def _meaning(error: BaseException, doing: str) -> Exception:
    """Azure answers 404 to the token already, and the client then loses status and reason."""
    condition = getattr(error, "error", None) or ""
    if condition == _NOT_FOUND:
        return Absent(f"{doing}: it is not there")
    if isinstance(error, AuthenticationError) and condition == _SIGN_IN:
        return Unavailable(f"{doing}: the sign-in is refused: there is no such hub, or it knows no such key")
    return _Stolen() if condition == "link:stolen" else meaning(error, doing)
