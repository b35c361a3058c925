"""How attaches are answered: what clients other than the Python SDK wait for, and how windows hold long events up."""

import pytest

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import BATCH_FORMAT
from infra.local.eventhubs.amqp.performatives import ATTACH, FLOW, SOURCE, TARGET, TRANSFER
from infra.local.eventhubs.amqp.values import Described, Symbol, UInt
from tests.local.eventhubs.wire import WINDOW, Wire, refusal, wire
from tests.support.eventhubs import EventHubsServer

pytestmark = pytest.mark.local_only
READER = "one/ConsumerGroups/extra/Partitions/0"
SIZE, ANY_SIZE = 10, 2**64 - 1


@pytest.mark.observed("hub: a refused receiver's attach has no source")
@pytest.mark.parametrize("address", [READER.replace("one", "none-such"), READER.replace("extra", "none-such")])
async def test_a_refused_receiver_is_answered_without_a_source(eventhubs: EventHubsServer, address: str) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        client.ask_to_receive(address, None)
        answer, condition, text = await client.refusal()
    assert (answer[:3], set(answer[3:])) == (["c", 1, False], {None})
    assert condition == "amqp:not-found"
    assert "The messaging entity" in text
    assert "TrackingId:" in text


@pytest.mark.observed("hub: a refused sender's attach has no target")
async def test_a_refused_sender_is_answered_without_a_target(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        client.ask_to_send("none-such")
        answer, condition, _ = await client.refusal()
    assert (answer[:3], set(answer[3:]), condition) == (["p", 0, True], {None}, "amqp:not-found")


@pytest.mark.observed("hub: the settle mode is the one that was asked for")
@pytest.mark.parametrize("address", ["one", "$cbs", "$management"])
@pytest.mark.parametrize("mode", [0, 1, 2])
async def test_a_sender_settles_as_it_asked_to(eventhubs: EventHubsServer, address: str, mode: int) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        client.ask_to_send(address, mode)
        assert (await client.expect(ATTACH))[3:5] == [mode, 0]


@pytest.mark.parametrize(("address", "mode"), [(READER, 1), ("$cbs", 0)])
async def test_a_receiver_s_own_mode_is_as_it_asked_and_events_come_settled(
    eventhubs: EventHubsServer, address: str, mode: int
) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        client.ask_to_receive(address, None, (0, 1))
        assert (await client.expect(ATTACH))[3:5] == [mode, 1]


async def test_numbers_out_of_range_are_as_good_as_none(eventhubs: EventHubsServer) -> None:
    timeout = {Symbol("com.microsoft:timeout"): -1}
    async with wire(eventhubs.port) as client:
        await client.open()
        ends = (Described(SOURCE, ["me"]), Described(TARGET, ["one"]))
        # From the settle modes to the size and the properties; a plain int is signed and has eight bytes.
        client.send(ATTACH, "p", UInt(0), False, 70000, -1, *ends, None, None, None, -1, None, None, timeout)
        answer = await client.expect(ATTACH)
    assert answer[3:5] == [0, 0]
    assert list(answer[13]) == ["com.microsoft:tracking-id"]  # type: ignore[call-overload]


@pytest.mark.observed("hub: the largest event fits what its reader was told")
async def test_a_sender_is_told_a_size_and_a_reader_is_not(eventhubs: EventHubsServer) -> None:
    """Annotations make an event longer than it came: a reader held to the sender's limit would refuse it for ever."""
    async with wire(eventhubs.port) as client:
        await client.open()
        client.ask_to_send("one")
        assert (await client.expect(ATTACH))[SIZE] == 1048576
        client.ask_to_receive(READER, None)
        assert (await client.expect(ATTACH))[SIZE] == ANY_SIZE


async def frames_within(client: Wire, window: int) -> int:
    """Transfer frames that come when the session takes so many in all; asked twice, since delivery runs in turns."""
    count = 0
    for _ in range(2):
        client.send(FLOW, UInt(0), UInt(window), UInt(0), WINDOW, None, None, None, None, False, True)
        while (received := await client.receive()).code != FLOW:  # type: ignore[union-attr]
            count += received.code == TRANSFER  # type: ignore[union-attr]
    return count


@pytest.mark.observed("hub: a long event keeps to a window of one frame")
async def test_a_long_event_keeps_to_the_session_s_window(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        await client.deliver(encode(Described(0x75, b"z" * 2000)))
    async with wire(eventhubs.port) as client:
        await client.open(window=1)
        client.ask_to_receive(READER, "amqp.annotation.x-opt-offset >= '@latest'")
        client.send(FLOW, UInt(0), UInt(1), UInt(0), WINDOW, UInt(1), UInt(0), UInt(1))
        assert [await frames_within(client, window) for window in (1, 3, 100)] == [1, 2, 2]


async def test_the_server_s_window_opens_again_before_it_is_used_up(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        piece = b"z" * 10
        for number in range(2600):  # frames of one delivery, of which the last is missing
            client.send(TRANSFER, UInt(0), UInt(0) if number == 0 else None, b"t", UInt(0), False, True, payload=piece)
        flow = await client.expect(FLOW)
    assert flow[0] >= 2500  # type: ignore[operator]
    assert flow[1] == 5000


@pytest.mark.observed("hub: a partition key of 129 characters is refused")
@pytest.mark.parametrize("batched", [False, True])
async def test_a_partition_key_has_at_most_128_characters(eventhubs: EventHubsServer, batched: bool) -> None:
    def keyed(length: int) -> bytes:
        event = encode(Described(0x72, {Symbol("x-opt-partition-key"): "ü" * length})) + encode(Described(0x75, b"x"))
        return encode(Described(0x75, event)) if batched else event

    message_format = BATCH_FORMAT if batched else 0
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        assert (await client.deliver(keyed(128), message_format))[4] == Described(0x24, [])
        assert refusal(await client.deliver(keyed(129), message_format)) == "com.microsoft:argument-error"


async def test_an_event_in_a_batch_needs_a_body_too(eventhubs: EventHubsServer) -> None:
    headless = encode(Described(0x75, encode(Described(0x74, {"p": "q"}))))
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        assert refusal(await client.deliver(headless, BATCH_FORMAT)) == "amqp:decode-error"
