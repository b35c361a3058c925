"""Faults on request: each does what it says, to the hub it names, until it is taken back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import EventHubError

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.detaching import BUSY
from tests.local.eventhubs.admin_client import call, inject
from tests.local.eventhubs.reading import Arrivals, Reading, all_closed, reading, send_texts
from tests.local.eventhubs.wire import refusal, wire
from tests.support.eventhubs import EventHubsServer, StartEventHubs
from tests.support.eventually import aeventually

pytestmark = [pytest.mark.local_only, pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    with EventHubsServer(tmp_path_factory.mktemp("faults"), {"events": 1, "other": 1}) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def no_consumers_left() -> AsyncIterator[None]:
    """The SDK's end of a consumer hangs when its loop ends first."""
    yield
    await all_closed()


@pytest.fixture(autouse=True)
def no_faults_left(server: EventHubsServer) -> Iterator[None]:
    yield
    call(f"{server.admin_url}/admin/faults", "DELETE")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def producer(server: EventHubsServer) -> AsyncIterator[EventHubProducerClient]:
    connection = server.connection_string("events")
    async with EventHubProducerClient.from_connection_string(connection, retry_backoff_factor=0.1) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def observer(server: EventHubsServer) -> AsyncIterator[Reading]:
    async with reading(server.connection_string("events"), partition_id="0", starting_position="-1") as consumer:
        yield consumer


@pytest_asyncio.fixture(loop_scope="session")
async def seen(observer: Reading, producer: EventHubProducerClient) -> Arrivals:
    """What comes from now on; a marker shows that what came before is through."""
    marker = str(uuid4())
    await send_texts(producer, [marker])

    async def through() -> bool:
        return marker in observer.bodies

    await aeventually(through)
    return Arrivals(observer)


async def test_duplicates_and_a_gap_come_as_ordered(
    server: EventHubsServer, producer: EventHubProducerClient, seen: Arrivals
) -> None:
    inject(server.admin_url, duplicate={"hub": "events", "events": 2})
    await send_texts(producer, ["a", "b", "c"])
    assert await seen.until(5) == ["a", "a", "b", "b", "c"]
    inject(server.admin_url, skip={"hub": "*", "events": 2})
    await send_texts(producer, ["d", "e", "f"])
    assert (await seen.until(6))[5:] == ["f"]
    # The gap is in what was delivered, not in the hub: whoever reads again finds it.
    before_the_gap = seen.events()[4].sequence_number
    async with reading(server.connection_string("events"), partition_id="0", starting_position=before_the_gap) as again:
        assert await again.until(3) == ["d", "e", "f"]


async def test_neighbours_change_places_when_asked_for(
    server: EventHubsServer, producer: EventHubProducerClient, seen: Arrivals
) -> None:
    inject(server.admin_url, withhold={"hub": "events"}, reorder={"hub": "events", "events": 1})
    await send_texts(producer, ["a", "b", "c", "d"])
    inject(server.admin_url, release={"hub": "events"})
    assert await seen.until(4) == ["b", "a", "c", "d"]


async def test_withheld_events_come_after_the_release(
    server: EventHubsServer, producer: EventHubProducerClient, seen: Arrivals
) -> None:
    await send_texts(producer, ["before"])
    await seen.until(1)
    inject(server.admin_url, withhold={"hub": "events"})
    await send_texts(producer, ["held"])
    last = seen.events()[0].sequence_number
    async with reading(server.connection_string("events"), partition_id="0", starting_position=last) as another:
        await aeventually(partial(receivers, server, 2))
        assert (seen.bodies(), another.bodies) == (["before"], [])
        inject(server.admin_url, release={"hub": "events"})
        await asyncio.gather(seen.until(2), another.until(1))


async def receivers(server: EventHubsServer, count: int) -> bool:
    """Whether so many are attached to hub events."""
    _, hubs = await asyncio.to_thread(call, f"{server.admin_url}/admin/hubs")
    return len(hubs["events"][0]["receivers"]) == count


async def stored(server: EventHubsServer, hub: str = "events") -> int:
    """How many events the hub's only partition holds."""
    _, hubs = await asyncio.to_thread(call, f"{server.admin_url}/admin/hubs")
    number: int = hubs[hub][0]["count"]
    return number


async def test_a_busy_server_refuses_as_many_sends_as_told(server: EventHubsServer) -> None:
    before = await stored(server)
    inject(server.admin_url, server_busy={"hub": "events", "sends": 2})
    body = encode(Described(0x75, b"body"))
    async with wire(server.port) as client:
        await client.open()
        await client.attach_producer("events")
        conditions = [refusal(await client.deliver(body)) for _ in range(2)]
        assert conditions == ["com.microsoft:server-busy"] * 2
        assert (await client.deliver(body))[4] == Described(0x24, [])
        await client.attach_producer("other")
        assert (await client.deliver(body))[4] == Described(0x24, [])
    assert await stored(server) == before + 1


async def test_a_server_busy_for_a_time_refuses_until_then(
    server: EventHubsServer, producer: EventHubProducerClient
) -> None:
    before = await stored(server)
    inject(server.admin_url, server_busy={"hub": "events", "seconds": 60})
    with pytest.raises(EventHubError, match="busy"):
        await producer.send_event(EventData(b"refused"))
    assert await stored(server) == before
    call(f"{server.admin_url}/admin/faults", "DELETE")
    await producer.send_event(EventData(b"accepted"))
    assert await stored(server) == before + 1


async def test_a_busy_server_refuses_as_many_readers_as_told(
    server: EventHubsServer, producer: EventHubProducerClient
) -> None:
    await producer.send_event(EventData(b"waits"))
    inject(server.admin_url, server_busy={"hub": "events", "receivers": 2})
    async with wire(server.port) as client:
        await client.open()
        client.ask_to_receive("events/ConsumerGroups/$Default/Partitions/0", None)
        answer, condition, text = await client.refusal()
    assert (answer[5], condition) == (None, "com.microsoft:server-busy")
    assert text.startswith(BUSY)
    # The SDK's client meets the second refusal, and attaches again.
    async with reading(server.connection_string("events"), partition_id="0", starting_position="-1") as consumer:
        assert "waits" in await consumer.until(1)
    assert call(f"{server.admin_url}/admin/faults")[1]["events"]["busy_receivers"] == 0


async def test_a_busy_server_refuses_as_many_questions_as_told(
    server: EventHubsServer, producer: EventHubProducerClient
) -> None:
    inject(server.admin_url, server_busy={"hub": "events", "requests": 2})
    question = {"operation": "READ", "type": "com.microsoft:eventhub", "name": "events"}
    async with wire(server.port) as client:
        await client.open()
        told = await client.request("$management", question, None)
    assert (told["status-code"], told["error-condition"]) == (503, "com.microsoft:server-busy")
    # The SDK's client meets the second refusal, and asks again.
    assert (await producer.get_eventhub_properties())["partition_ids"] == ["0"]
    assert call(f"{server.admin_url}/admin/faults")[1]["events"]["busy_requests"] == 0


async def test_a_slow_server_takes_its_time(
    server: EventHubsServer, producer: EventHubProducerClient, seen: Arrivals
) -> None:
    inject(server.admin_url, slow={"hub": "events", "send_ms": 300, "delivery_ms": 50})
    started = time.monotonic()
    await send_texts(producer, ["b", "c", "d"])
    assert time.monotonic() - started >= 0.3
    assert await seen.until(3) == ["b", "c", "d"]


async def test_forgotten_events_are_gone_and_numbers_go_on(
    server: EventHubsServer, producer: EventHubProducerClient, seen: Arrivals
) -> None:
    await send_texts(producer, ["a", "b"])
    await seen.until(2)
    first, last = (event.sequence_number for event in seen.events())
    inject(server.admin_url, forget={"hub": "events"})
    empty = await producer.get_partition_properties("0")
    assert (empty["is_empty"], empty["last_enqueued_sequence_number"]) == (True, last)
    await send_texts(producer, ["c"])
    async with reading(server.connection_string("events"), partition_id="0", starting_position=first) as late:
        assert await late.until(1) == ["c"]
        assert late.events()[0].sequence_number == last + 1


@pytest.mark.parametrize("fault", [{"drop_connections": {}}, {"close_connections": {"condition": "amqp:not-allowed"}}])
async def test_connections_of_one_hub_may_end_alone(server: EventHubsServer, fault: dict[str, dict[str, str]]) -> None:
    event = encode(Described(0x75, b"still there"))
    async with wire(server.port) as ended, wire(server.port) as other:
        for client, hub in ((ended, "events"), (other, "other")):
            await client.open()
            await client.attach_producer(hub)
        inject(server.admin_url, **{name: {**details, "hub": "EVENTS"} for name, details in fault.items()})
        with pytest.raises((EOFError, ConnectionResetError)):
            await ended.receive_to_the_end()
        await other.deliver(event)


async def test_a_hub_that_is_not_there_has_no_connections_to_end(server: EventHubsServer) -> None:
    status, answer = call(f"{server.admin_url}/admin/faults", "POST", {"drop_connections": {"hub": "unknown"}})
    assert (status, answer["error"]) == (404, "The messaging entity 'unknown' could not be found.")


async def test_dropped_connections_are_survived(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    connection = server.connection_string("events")
    where: dict[str, Any] = {"partition_id": "0", "starting_position": "-1"}
    async with (
        EventHubProducerClient.from_connection_string(connection) as producer,
        reading(connection, **where) as seen,
    ):
        await send_texts(producer, ["before"])
        await seen.until(1)
        inject(server.admin_url, drop_connections=True)
        await send_texts(producer, ["after"])
        await seen.until_error()
        seen.errors.clear()
        # Without a checkpoint store the consumer starts again where it started before.
        assert await seen.until(3) == ["before", "before", "after"]
