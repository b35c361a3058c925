"""The own server against clients that are careless, slow or hostile: always an answer or a clean close."""

import asyncio
import json
import random
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from function_app.scoring.serve.limits import HttpLimits
from function_app.scoring.serve.routes import Routes
from function_app.scoring.serve.server import Server
from services.scoring.answering.metrics import metrics_page
from tests.support.eventually import PATIENCE_S
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench

LIMITS = HttpLimits(head_bytes=2_000, body_bytes=50_000, pipelined=4, connections=40, head_s=0.3, body_s=0.3)
BODY = json.dumps(tensors(sample_rows(1))).encode()
INFER = b"/v2/models/flights/infer"


def post(body: bytes = BODY, path: bytes = INFER, *headers: bytes) -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1", b"host: x", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Running:
    port: int
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def send(self, data: bytes) -> bytes:
        """Everything the server says to this until it closes, or is silent for a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        return await _all(reader, writer)


async def _all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, quiet_turns: int = 15) -> bytes:
    found = b""
    try:
        while part := await _next(reader, quiet_turns if found else 1000):
            found += part
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return found


async def _next(reader: asyncio.StreamReader, quiet_turns: int) -> bytes:
    """What comes within so many turns of 10 ms: the server shares this loop, and time alone may pass for both of us."""
    for _ in range(quiet_turns):
        try:
            return await asyncio.wait_for(reader.read(65_536), 0.01)
        except TimeoutError:
            continue
    raise TimeoutError


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer)]


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    bench = Bench()
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    bound = socket.create_server(("127.0.0.1", 0))
    stop, ready = asyncio.Event(), asyncio.Event()
    routes = Routes(bench.scorer, lambda: metrics_page({"flights": bench.scorer}, [bench.capture]))
    found = Server(bench.scorer, routes, LIMITS, drain_s=0.05)
    task = asyncio.create_task(found.run(bound, stop.wait(), ready.set))
    await ready.wait()
    yield Running(bound.getsockname()[1], stop, task)
    stop.set()
    await task


async def test_a_connection_is_kept_for_the_next_request(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(3):
        writer.write(post())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert b"probability" in await reader.readexactly(length)
    writer.close()


async def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    ids = [f"r{index}" for index in range(20)]
    stream = b"".join(post(json.dumps({**tensors(sample_rows(1)), "id": each}).encode()) for each in ids)
    stream = stream + b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n" + post(b"{")
    answer = await server.send(stream)
    assert statuses(answer) == [200] * 21 + [400]
    positions = [answer.index(b'"id":"%b"' % each.encode()) for each in ids]
    assert positions == sorted(positions)


async def test_what_was_pipelined_before_it_does_not_count_as_a_requests_head(server: Running) -> None:
    """More bytes of whole requests than a head may have, and in the same packet the beginning of another head."""
    whole, head = post() * 30, post()[:40]
    assert len(whole) > 2 * LIMITS.head_bytes
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(whole + head)
    found = b""
    while len(statuses(found)) < 30:
        found += await asyncio.wait_for(reader.read(65_536), PATIENCE_S)
    writer.write(post()[40:])
    assert statuses(found + await _all(reader, writer)) == [200] * 31


async def test_a_chunked_body_is_put_together(server: Running) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(BODY[at : at + 40]), BODY[at : at + 40]) for at in range(0, len(BODY), 40))
    head = b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    assert statuses(await server.send(head + chunks + b"0\r\n\r\n")) == [200]


async def test_bytes_may_come_one_at_a_time(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = post(BODY[:10], b"/v2/models/flights/infer?a=b")
    for byte in request:
        writer.write(bytes([byte]))
        await writer.drain()
    assert statuses(await _all(reader, writer)) == [400]


async def test_a_client_that_asks_first_is_told_to_go_on(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head, _, body = post(BODY, INFER, b"expect: 100-continue").partition(b"\r\n\r\n")
    writer.write(head + b"\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert statuses(await _all(reader, writer)) == [200]


async def test_head_has_the_head_of_get_and_no_body(server: Running) -> None:
    answer = await server.send(b"HEAD /v2/models/flights HTTP/1.1\r\nhost: x\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]) > 100
    assert body == b""


async def test_old_clients_are_answered_and_closed(server: Running) -> None:
    answer = await server.send(b"GET /v2/health/ready HTTP/1.0\r\n\r\n")
    assert statuses(answer) == [200]
    assert b"connection: close" in answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\nhost: x\r\n\r\n", 400),
        (b"GET /v2 HTTP/1.1\r\nhost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET /v2 HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", 400),
        (post(BODY, INFER, *[b"inference-header-content-length: 7"] * 2), 400),
        (post(BODY, INFER, b"inference-header-content-length: " + b"9" * 1_500), 400),
        (b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        (b"GET /%ff HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        (b"GET " + INFER + b" HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        (b"POST /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nhost: x\r\nname: " + b"v" * 3_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"v" * 3_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", 400),
        (post(b"x", INFER, b"inference-header-content-length: -1"), 400),
        (b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n", 413),
        (b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n" + b"x" * 65_535, 413),
        (post(BODY, INFER, b"content-type: text/html"), 415),
        (post(BODY, INFER, b"content-encoding: gzip"), 415),
        (post(BODY, INFER, b"expect: a-miracle"), 417),
        (post(BODY, b"/v2/models/birds/infer"), 404),
    ],
)
async def test_what_cannot_be_served_is_told_why(server: Running, request_: bytes, status: int) -> None:
    answer = await server.send(request_)
    assert statuses(answer) == [status]
    assert b'{"error":"' in answer


@pytest.mark.parametrize("start", [b"GET / HT", post()[:-5]])
async def test_a_request_that_never_ends_is_timed_out(server: Running, start: bytes) -> None:
    assert statuses(await server.send(start)) == [408]


async def test_more_connections_than_allowed_are_turned_away(server: Running) -> None:
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(LIMITS.connections)]
    assert statuses(await server.send(b"")) == [503]
    for _, writer in held:
        writer.close()


async def test_a_header_pins_the_deployment(server: Running) -> None:
    assert statuses(await server.send(post(BODY, INFER, b"azureml-model-deployment: 1"))) == [200]
    assert statuses(await server.send(post(BODY, INFER, b"azureml-model-deployment: 2"))) == [404]


async def test_metrics_are_there_for_prometheus(server: Running) -> None:
    await server.send(post())
    answer = await server.send(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b'sluice_requests_total{model="flights",version="1"} 1\n' in answer
    assert b'sluice_latency_seconds_count{model="flights",version="1"} 1\n' in answer


async def test_a_drain_answers_what_is_under_way_and_tells_the_connection_to_close(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(post()[:-1])
    await writer.drain()
    server.stop.set()
    await asyncio.sleep(0)
    writer.write(post()[-1:])
    answer = await _all(reader, writer)
    assert statuses(answer) == [200]
    assert b"connection: close" in answer
    await server.task


def _mutated(rng: random.Random) -> bytes:
    """A request with some bytes exchanged, left out, repeated or cut off."""
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 4)))
            case 1:
                del data[at : at + rng.randint(1, 8)]
            case 2:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 3:
                data[at:at] = data[at : at + rng.randint(1, 30)]
            case _:
                data[at:at] = rng.choice([b"\r\n", b"\n", b"\0", b":", b" ", b"0\r\n\r\n", b"\r\n\r\n", b"HTTP/1.1"])
    return bytes(data)


SEEDS = [
    post(),
    post(BODY, INFER, b"inference-header-content-length: 50"),
    b"GET /v2/models/flights HTTP/1.1\r\nhost: x\r\n\r\n" * 2,
    b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"HEAD /v2/health/live HTTP/1.0\r\n\r\n",
]


async def test_malformed_requests_get_an_answer_or_a_close_never_a_server_error(server: Running) -> None:
    """20,000 of them; the client closes its side, so an unfinished request must end in a close, too."""
    seen: set[int] = set()
    counter = iter(range(20_000))

    async def client(seed: int) -> None:
        rng = random.Random(seed)
        for _ in counter:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(_mutated(rng))
            writer.write_eof()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    seen.update(statuses(await reader.read()))
            except ConnectionResetError:
                pass  # it closed before it had read everything: an end like another
            writer.close()

    await asyncio.gather(*(client(seed) for seed in range(20)))
    assert 200 in seen
    assert 400 in seen
    assert all(status < 500 or status in (501, 505) for status in seen), seen
    assert statuses(await server.send(post())) == [200]


async def test_a_head_that_was_seen_before_means_the_same_again(server: Running) -> None:
    """Also when its body comes in parts, or with another request behind it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    other = post(json.dumps(tensors(sample_rows(2))).encode())
    for request in (post(), post(), post()[:-9], post()[-9:], post() + other, other, other[:100], other[100:], post()):
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(0.01)
    assert statuses(await _all(reader, writer)) == [200] * 8


async def test_a_head_that_was_seen_with_one_body_does_not_cut_another(server: Running) -> None:
    """The head of a longer request, sent while an answer is due, must not be taken for the shorter one's."""
    body = BODY + b" " * len(BODY)
    long = post(body)
    head = long[: -len(body)]
    await server.send(post() + head + BODY)
    assert statuses(await server.send(head + BODY)) == [408]
    assert statuses(await server.send(long)) == [200]
