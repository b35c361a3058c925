"""TLS and WebSockets: the real clients over both, and what is no handshake."""

import base64
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient, TransportType
from azure.eventhub.aio import EventHubProducerClient as AsyncProducer
from hypothesis import given
from hypothesis import strategies as st

from infra.local.certificates import Certificates, ensure
from infra.local.eventhubs.websocket_frames import BINARY, LONGEST, Broken, Frames, frame, unmasked
from tests.support.eventhubs import EventHubsServer

pytestmark = pytest.mark.local_only


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return ensure(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[EventHubsServer]:
    with EventHubsServer(tmp_path_factory.mktemp("tls"), {"events": 1}, certificates=certificates) as running:
        yield running


def over(server: EventHubsServer, certificates: Certificates, transport: TransportType) -> dict[str, Any]:
    port = server.tls_port if transport is TransportType.Amqp else server.websocket_port
    return {
        "conn_str": "Endpoint=sb://localhost/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=events",
        "custom_endpoint_address": f"sb://localhost:{port}",
        "connection_verify": str(certificates.authority),
        "transport_type": transport,
        "retry_total": 0,
    }


@pytest.mark.parametrize("transport", list(TransportType))
def test_events_go_both_ways(server: EventHubsServer, certificates: Certificates, transport: TransportType) -> None:
    how = over(server, certificates, transport)
    body = bytes(range(256)) * 3000
    with EventHubProducerClient.from_connection_string(**how) as producer:
        producer.send_event(EventData(body), partition_id="0")
        last = producer.get_partition_properties("0")["last_enqueued_sequence_number"]
    found: list[bytes] = []

    def on_batch(_: Any, events: list[Any]) -> None:
        found.extend(b"".join(event.body) for event in events)
        consumer.close()

    consumer = EventHubConsumerClient.from_connection_string(consumer_group="$Default", **how)
    consumer.receive_batch(on_batch, partition_id="0", starting_position=last, starting_position_inclusive=True)
    assert found == [body]


@pytest.mark.parametrize("transport", list(TransportType))
async def test_the_asynchronous_client_sends_too(
    server: EventHubsServer, certificates: Certificates, transport: TransportType
) -> None:
    async with AsyncProducer.from_connection_string(**over(server, certificates, transport)) as producer:
        before = (await producer.get_partition_properties("0"))["last_enqueued_sequence_number"]
        await producer.send_event(EventData(b"x" * 200_000), partition_id="0")
        after = (await producer.get_partition_properties("0"))["last_enqueued_sequence_number"]
    assert after == before + 1


def answer(server: EventHubsServer, certificates: Certificates, request: bytes) -> bytes:
    """All that the WebSockets port says to these bytes."""
    context = ssl.create_default_context(cafile=certificates.authority)
    said = b""
    with (
        socket.create_connection(("127.0.0.1", server.websocket_port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(request)
        while data := secured.recv(65536):
            said += data
    return said


KEY = b"Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)) + b"\r\n"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
PROTOCOL = b"Sec-WebSocket-Protocol: AMQPWSB10\r\n"
GOOD = b"GET /$servicebus/websocket HTTP/1.1\r\n" + UPGRADE + KEY + PROTOCOL + b"\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + UPGRADE + KEY + PROTOCOL + b"\r\n", b"404"),
        (b"GET /$servicebus/websocket HTTP/1.1\r\n" + KEY + PROTOCOL + b"\r\n", b"426"),
        (b"GET /$servicebus/websocket HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n", b"400"),
        (b"x" * 20_000, b"404"),
    ],
)
def test_what_is_no_handshake_is_refused(
    server: EventHubsServer, certificates: Certificates, request_bytes: bytes, status: bytes
) -> None:
    assert answer(server, certificates, request_bytes).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x82\x01x", 1002),  # not masked
        (b"\x81\x81\0\0\0\0x", 1003),  # a text
        (b"\x88\x80\0\0\0\0", 1000),  # the peer ends it
    ],
)
def test_a_websocket_ends_with_the_code_that_says_why(
    server: EventHubsServer, certificates: Certificates, sent: bytes, code: int
) -> None:
    assert answer(server, certificates, GOOD + sent).endswith(b"\x88\x02" + code.to_bytes(2))


def masked(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """As a client sends it."""
    own = frame(opcode, payload)
    head = own[: len(own) - len(payload)]
    return head[:1] + bytes((head[1] | 0x80,)) + head[2:] + mask + unmasked(payload, mask)


@given(
    st.lists(st.binary(max_size=70_000), min_size=1, max_size=4),
    st.binary(min_size=4, max_size=4),
    st.integers(1, 50_000),
)
def test_frames_are_read_however_they_arrive(payloads: list[bytes], mask: bytes, piece: int) -> None:
    stream = b"".join(masked(BINARY, payload, mask) for payload in payloads)
    frames = Frames()
    found = [each for at in range(0, len(stream), piece) for each in frames.feed(stream[at : at + piece])]
    assert found == [(BINARY, payload) for payload in payloads]


def test_a_frame_without_end_is_broken_off() -> None:
    with pytest.raises(Broken):
        list(Frames().feed(b"\x82\xff" + (LONGEST + 1).to_bytes(8)))


def test_a_certificate_without_its_key_is_a_mistake(tmp_path: Path, certificates: Certificates) -> None:
    with pytest.raises(AssertionError, match="certificate"):
        EventHubsServer(tmp_path, {"e": 1}, arguments=["--certificate", str(certificates.certificate)]).start()
