"""What Azure does to links, connections and whole hubs, ordered over HTTP; nothing sent is lost by it."""

from functools import partial
from typing import Any

import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient

from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import sections
from infra.local.eventhubs.amqp.performatives import ATTACH, CLOSE, DETACH, TRANSFER
from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.detaching import DETACHES
from tests.local.eventhubs.admin_client import call, inject
from tests.local.eventhubs.reading import Reading, reading
from tests.local.eventhubs.wire import Wire, wire
from tests.support.eventhubs import EventHubsServer, StartEventHubs
from tests.support.eventually import aeventually

pytestmark = [pytest.mark.local_only, pytest.mark.faults]
READER = "events/ConsumerGroups/$Default/Partitions/0"


@pytest.fixture
def server(start_eventhubs: StartEventHubs) -> EventHubsServer:
    return start_eventhubs({"events": 1, "other": 1})


def said(error: object) -> tuple[str, str]:
    """Condition and text."""
    assert isinstance(error, Described)
    assert isinstance(error.value, list)
    return str(error.value[0]), str(error.value[1])


async def both(client: Wire) -> None:
    """A producer's link on handle 0 and a consumer's on handle 1."""
    await client.open()
    await client.attach_producer("events")
    client.ask_to_receive(READER, None)
    await client.expect(ATTACH)


async def test_links_are_detached_with_every_condition_and_its_text(server: EventHubsServer) -> None:
    for condition, text in DETACHES.items():
        async with wire(server.port) as client:
            await both(client)
            inject(server.admin_url, detach={"hub": "events", "condition": condition})
            for _ in range(2):
                told = said((await client.expect(DETACH))[2])
                assert told[0] == condition
                assert told[1].startswith(text.format(hub="events"))


@pytest.mark.parametrize(("links", "handle"), [("producers", 0), ("consumers", 1)])
async def test_one_kind_of_links_of_one_hub_is_detached_alone(server: EventHubsServer, links: str, handle: int) -> None:
    async with wire(server.port) as client:
        await both(client)
        inject(server.admin_url, detach={"hub": "other"})
        inject(server.admin_url, detach={"hub": "events", "links": links})
        detached = await client.expect(DETACH)
        assert (detached[0], said(detached[2])[0]) == (handle, "amqp:link:detach-forced")


async def test_a_connection_is_closed_with_a_reason(server: EventHubsServer) -> None:
    async with wire(server.port) as client:
        await both(client)
        inject(server.admin_url, close_connections={"condition": "amqp:connection:forced"})
        assert said((await client.expect(CLOSE))[0])[0] == "amqp:connection:forced"


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"detach": {"hub": "events", "condition": "amqp:nonsense"}}, "detach.condition"),
        ({"detach": {"hub": "events", "links": "chains"}}, "detach.links"),
        ({"close_connections": {}}, "close_connections.condition"),
        ({"failover": {"hub": "events", "lost": -1}}, "failover.lost"),
    ],
)
def test_a_mistaken_fault_is_refused_by_name(server: EventHubsServer, fault: object, field: str) -> None:
    status, answer = call(f"{server.admin_url}/admin/faults", "POST", fault)
    assert (status, answer["error"].split(":")[0]) == (400, field)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_real_clients_go_on_after_each_and_lose_nothing(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    connection = server.connection_string("events")
    faults: list[dict[str, Any]] = [
        *(
            {"detach": {"hub": "events", "condition": condition}}
            for condition in ("amqp:link:detach-forced", "amqp:internal-error", "com.microsoft:entity-disabled")
        ),
        {"close_connections": {"condition": "amqp:connection:forced"}},
        {"drop_connections": True},
    ]
    options: dict[str, Any] = {"retry_total": 3, "retry_backoff_factor": 0.1}
    async with (
        EventHubProducerClient.from_connection_string(connection, **options) as producer,
        reading(connection, client_options=options, partition_id="0", starting_position="-1") as seen,
    ):
        for number, fault in enumerate(faults):
            for body in (f"before {number}", f"after {number}"):
                await producer.send_event(EventData(body))
                # Errors are told and survived; without checkpoints what was read comes again.
                await aeventually(partial(has_come, seen, body))
                inject(server.admin_url, **fault)


async def has_come(seen: Reading, body: str) -> bool:
    """Whether the consumer got it."""
    return body in seen.bodies


async def fill(server: EventHubsServer, *bodies: bytes) -> None:
    async with wire(server.port) as client:
        await client.open()
        await client.attach_producer("events")
        for body in bodies:
            await client.deliver(encode(Described(0x75, body)))


async def annotations(server: EventHubsServer, number: int) -> dict[object, object]:
    """Of the event with that sequence number."""
    async with wire(server.port) as client:
        await client.open()
        client.attach_consumer(READER, f"amqp.annotation.x-opt-sequence-number >= {number}", 1)
        _, payload = (await client.expect_frame(TRANSFER)).fields_and_payload(11)
    (found,) = (decode(payload, section.value_at)[0] for section in sections(payload) if section.code == 0x72)
    assert isinstance(found, dict)
    return found


async def test_a_failover_loses_what_had_not_arrived_and_begins_a_new_epoch(server: EventHubsServer) -> None:
    await fill(server, b"0", b"1", b"2", b"3")
    async with wire(server.port) as client:
        await both(client)
        inject(server.admin_url, failover={"hub": "events", "lost": 2})
        assert said((await client.expect(DETACH))[2])[0] == "amqp:link:detach-forced"
    server.restart()
    await fill(server, b"again 2")
    for number, epoch in ((1, -1), (2, 0)):
        found = await annotations(server, number)
        assert (found["x-opt-sequence-number"], found["x-opt-sequence-number-epoch"]) == (number, epoch)


async def test_a_hub_made_anew_is_empty_and_younger(server: EventHubsServer) -> None:
    async def created() -> Any:
        connection = server.connection_string("events")
        async with EventHubProducerClient.from_connection_string(connection) as client:
            return (await client.get_eventhub_properties())["created_at"]

    await fill(server, b"0", b"1")
    before = await created()
    async with wire(server.port) as client:
        await both(client)
        inject(server.admin_url, recreate={"hub": "events"})
        assert said((await client.expect(DETACH))[2])[0] == "amqp:not-found"
    assert await created() > before
    async with wire(server.port) as client:
        await client.open()
        client.ask_to_receive(READER, "amqp.annotation.x-opt-sequence-number > 1")
        assert "The last sequence number in the system is '-1'" in (await client.refusal())[2]
    await fill(server, b"new")
    assert (await annotations(server, 0))["x-opt-sequence-number"] == 0


async def test_hubs_come_and_go_while_the_server_runs(server: EventHubsServer) -> None:
    url = f"{server.admin_url}/admin/hubs"
    status, made = call(url, "PUT", {"name": "more", "partitions": 3, "groups": ["extra"]})
    assert (status, len(made["more"])) == (200, 3)
    assert call(url, "PUT", {"name": "More", "partitions": 3})[0] == 400
    assert call(url, "PUT", {"name": "odd", "partitions": 99})[0] == 400
    async with wire(server.port) as client:
        await client.open()
        client.ask_to_receive("more/ConsumerGroups/extra/Partitions/2", None)
        await client.expect(ATTACH)
        _, left = call(url, "DELETE", {"name": "more"})
        assert "more" not in left
        assert said((await client.expect(DETACH))[2])[0] == "amqp:resource-deleted"
    assert call(url, "DELETE", {"name": "more"})[0] == 404
