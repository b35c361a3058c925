"""Where readers start, on the wire: what other clients write, and positions that a hub never reached."""

import pytest

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import sections
from infra.local.eventhubs.amqp.performatives import DETACH, FLOW, TRANSFER
from infra.local.eventhubs.amqp.values import Described, UInt
from tests.local.eventhubs.admin_client import inject
from tests.local.eventhubs.wire import WINDOW, Wire, wire
from tests.support.eventhubs import EventHubsServer, StartEventHubs

pytestmark = pytest.mark.local_only
READER = "events/ConsumerGroups/$Default/Partitions/0"


@pytest.fixture
def server(start_eventhubs: StartEventHubs) -> EventHubsServer:
    return start_eventhubs({"events": 1})


async def fill(server: EventHubsServer, count: int) -> None:
    """Events with their number as body."""
    async with wire(server.port) as client:
        await client.open()
        await client.attach_producer("events/Partitions/0")
        for number in range(count):
            await client.deliver(encode(Described(0x75, b"%d" % number)))


async def first_from(client: Wire, selector: str | None) -> bytes:
    """The body that a reader with this selector gets first."""
    await client.open()
    client.attach_consumer(READER, selector, 1)
    _, payload = (await client.expect_frame(TRANSFER)).fields_and_payload(11)
    (data,) = (section for section in sections(payload) if section.code == 0x75)
    return bytes(payload[data.value_at + 2 : data.end])


@pytest.mark.observed(
    "hub: a position by offset without quotes",
    "hub: a position by sequence number without quotes",
    "hub: a position by time without quotes",
    "hub: a time before 1970",
)
@pytest.mark.parametrize(
    ("selector", "first"),
    [
        (None, b"0"),
        ("amqp.annotation.x-opt-offset > -1", b"0"),
        ("amqp.annotation.x-opt-sequence-number > '1'", b"2"),
        ("amqp.annotation.x-opt-sequence-number >= 1", b"1"),
        ("amqp.annotation.x-opt-sequence-number > -1", b"0"),
        ("amqp.annotation.x-opt-enqueued-time > 0", b"0"),
        ("amqp.annotation.x-opt-enqueued-time > '-62135596800000'", b"0"),
    ],
)
async def test_a_reader_starts_where_its_filter_says(
    server: EventHubsServer, selector: str | None, first: bytes
) -> None:
    await fill(server, 3)
    async with wire(server.port) as client:
        assert await first_from(client, selector) == first


@pytest.mark.observed(
    "hub: on an empty hub an offset of before is refused",
    "hub: on an empty hub a sequence number of before is refused",
    "hub: such a reader is passed over no event of the new hub",
)
@pytest.mark.parametrize(
    ("selector", "what"),
    [
        ("amqp.annotation.x-opt-offset > '25789595200'", "offset '25789595200' is invalid. The last offset"),
        ("amqp.annotation.x-opt-sequence-number > '9'", "sequence number '9' is invalid. The last sequence number"),
    ],
)
async def test_a_checkpoint_of_a_hub_s_former_life_is_refused(
    server: EventHubsServer, selector: str, what: str
) -> None:
    async with wire(server.port) as client:
        await client.open()
        client.attach_consumer(READER, selector, 50)
        _, condition, text = await client.refusal()
        # Were it let in, it would get what comes behind its number, and never the first ten.
        await fill(server, 12)
        client.send(FLOW, UInt(0), WINDOW, UInt(0), WINDOW, None, None, None, None, False, True)
        while (received := await client.receive()).code != FLOW:  # type: ignore[union-attr]
            assert received.code != TRANSFER  # type: ignore[union-attr]
    assert condition == "com.microsoft:argument-error"
    assert f"The supplied {what} in the system is '-1'" in text


async def test_what_retention_took_is_no_former_life(server: EventHubsServer) -> None:
    await fill(server, 3)
    inject(server.admin_url, forget={"hub": "events"})
    server.restart()
    async with wire(server.port) as client:
        await client.open()
        client.attach_consumer(READER, "amqp.annotation.x-opt-sequence-number > '1'", 1)
        await fill(server, 1)
        _, payload = (await client.expect_frame(TRANSFER)).fields_and_payload(11)
    assert payload
    async with wire(server.port) as client:
        await client.open()
        client.ask_to_receive(READER, "amqp.annotation.x-opt-sequence-number > '4'")
        assert (await client.expect(DETACH))[2] is not None
