"""On the wire: what other clients may do and this SDK does not, and what nobody should."""

import pytest

from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.frames import AMQP_HEADER, SASL_HEADER, Frame
from infra.local.eventhubs.amqp.messages import BATCH_FORMAT
from infra.local.eventhubs.amqp.performatives import (
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    END,
    FLOW,
    OPEN,
    SASL_INIT,
    SASL_MECHANISMS,
    SASL_OUTCOME,
    TRANSFER,
)
from infra.local.eventhubs.amqp.values import Described, Symbol, UInt
from tests.local.eventhubs.admin_client import call
from tests.local.eventhubs.wire import WINDOW, refusal, wire
from tests.support.eventhubs import EventHubsServer

pytestmark = pytest.mark.local_only
ACCEPTED = Described(0x24, [])


def event(body: bytes) -> bytes:
    return encode(Described(0x75, body))


async def test_every_performative_is_sent_with_all_its_fields(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        client.send_bytes(AMQP_HEADER)
        client.send(OPEN, "wire")
        client.send(BEGIN, None, UInt(0), WINDOW, WINDOW)
        client.send(ATTACH, "p", UInt(0), False, None, None, None, Described(0x29, ["one"]))
        client.send(ATTACH, "q", UInt(1), False, None, None, None, Described(0x29, ["none-such"]))
        client.send(TRANSFER, UInt(0), UInt(0), b"t", UInt(0), False, payload=event(b"x"))
        client.send(END)
        client.send(CLOSE)
        lengths: dict[int, int] = {}
        while CLOSE not in lengths:
            received = await client.receive()
            if isinstance(received, Frame):
                lengths[received.code] = len(received.fields(0))
    expected = {OPEN: 10, BEGIN: 8, ATTACH: 14, FLOW: 11, 0x15: 6, DETACH: 3, END: 1, CLOSE: 1}
    assert lengths == expected


async def test_sasl_lets_everybody_in(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        client.send_bytes(SASL_HEADER)
        assert await client.receive() == SASL_HEADER
        assert (await client.expect(SASL_MECHANISMS))[0] == ["MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL"]
        client.send(SASL_INIT, Symbol("ANONYMOUS"))
        assert (await client.expect(SASL_OUTCOME))[:2] == [0, b"Welcome!"]
        client.send_bytes(AMQP_HEADER)
        assert await client.receive() == AMQP_HEADER


async def test_an_oversized_message_is_rejected_and_the_link_goes_on(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        assert refusal(await client.deliver(event(b"x" * 1048576))) == "amqp:link:message-size-exceeded"
        assert (await client.deliver(event(b"fits")))[4] == ACCEPTED


@pytest.mark.parametrize(
    ("payload", "message_format"),
    [
        (b"\x01\x02\x03", 0),
        (b"\x00\x53\x75\xa0\xff", 0),
        (b"\x00\x53\x72\xc1\x01\x00", BATCH_FORMAT),
        (b"\xff", BATCH_FORMAT),
    ],
)
async def test_a_malformed_message_is_rejected(eventhubs: EventHubsServer, payload: bytes, message_format: int) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        assert refusal(await client.deliver(payload, message_format)) == "amqp:decode-error"


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, AMQP_HEADER + b"\x00\x00\x00\x0a\x02\x00\x00\x00ab"]
)
async def test_garbage_ends_the_connection_and_not_the_server(eventhubs: EventHubsServer, garbage: bytes) -> None:
    async with wire(eventhubs.port) as client:
        client.send_bytes(garbage)
        with pytest.raises((EOFError, ConnectionError)):
            await client.receive_to_the_end()
    assert call(f"{eventhubs.admin_url}/health")[0] == 200


async def test_a_publisher_s_events_carry_its_name_and_share_a_partition(eventhubs: EventHubsServer) -> None:
    def counts() -> list[int]:
        return [partition["count"] for partition in call(f"{eventhubs.admin_url}/admin/hubs")[1]["four"]]

    before = counts()
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("sb://host/four/Publishers/press-9")
        for _ in range(3):
            await client.deliver(event(b"news"))
        grown = [after - old for after, old in zip(counts(), before, strict=True)]
        assert sorted(grown) == [0, 0, 0, 3]
        partition = grown.index(3)
        selector = f"amqp.annotation.x-opt-sequence-number > '{before[partition] - 1}'"
        client.attach_consumer(f"four/ConsumerGroups/$Default/Partitions/{partition}", selector, 1)
        received = await client.expect_frame(TRANSFER)
        fields, payload = received.fields_and_payload(11)
        assert (len(received.fields(0)), fields[4]) == (11, True)
    annotations = decode(payload, 3)[0]
    assert isinstance(annotations, dict)
    assert annotations["x-opt-publisher"] == "press-9"


async def test_draining_gives_the_credit_back(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        client.attach_consumer("one/ConsumerGroups/extra/Partitions/0", "amqp.annotation.x-opt-offset > '@latest'", 50)
        await client.expect(ATTACH)
        client.send(FLOW, UInt(0), WINDOW, UInt(0), WINDOW, UInt(1), UInt(0), UInt(50), None, True)
        flow = await client.expect(FLOW)
        assert (flow[4], flow[5], flow[6], flow[8]) == (1, 50, 0, True)


async def test_a_session_s_echo_is_answered(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        client.send(FLOW, UInt(0), WINDOW, UInt(0), WINDOW, None, None, None, None, False, True)
        assert (await client.expect(FLOW))[4] is None


async def test_a_peer_s_idle_time_out_is_kept_by_empty_frames(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open(idle_timeout_ms=100)
        while await client.receive() is not None:
            pass


async def test_delivery_stops_at_the_credit_and_keeps_to_the_peer_s_frame_size(eventhubs: EventHubsServer) -> None:
    async with wire(eventhubs.port) as client:
        await client.open()
        await client.attach_producer("one")
        for _ in range(5):
            await client.deliver(event(b"z" * 2000))
        client.attach_consumer("one/ConsumerGroups/extra/Partitions/0", "amqp.annotation.x-opt-offset > '-1'", 2)
        finished = 0
        while finished < 2:
            received = await client.expect_frame(TRANSFER)
            assert len(received.body) <= 512
            finished += received.fields(11)[5] is False
        client.send(FLOW, UInt(0), WINDOW, UInt(0), WINDOW, None, None, None, None, False, True)
        answer = await client.receive()
        assert isinstance(answer, Frame)
        assert answer.code == FLOW  # and not a third transfer
