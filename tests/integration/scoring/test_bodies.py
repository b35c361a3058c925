"""Bodies that do not end, over many connections: bounded together, and what they held is given back."""

import asyncio
import gzip
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.scoring.serve.bodies import BodyBudget
from function_app.scoring.serve.connection import Connection
from function_app.scoring.serve.limits import HttpLimits
from function_app.scoring.serve.routes import Routes
from function_app.scoring.serve.server import Server
from services.scoring import FlushedByDoor
from tests.support.eventually import aeventually
from tests.support.scoring import Bench

LIMITS = HttpLimits(body_bytes=50_000, held_bytes=100_000, unread_bytes=200_000, body_s=30)
SIZE = 50_000
HEAD = b"POST /v2/models/flights/infer HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % SIZE


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def status(self) -> int:
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)
        return int(re.findall(rb"HTTP/1\.1 (\d{3}) ", head)[0])


async def answers_of(client: Client) -> bytes:
    """Everything up to the end of the connection, however it ends."""
    found = b""
    try:
        while part := await asyncio.wait_for(client.reader.read(1 << 20), 30):
            found += part
    except ConnectionError:
        pass
    return found


@dataclass
class Running:
    server: Server
    port: int
    clients: list[Client] = field(default_factory=list)  # one that nobody holds is closed

    async def send(self, *parts: bytes) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        for part in parts:
            client.writer.write(part)
        return client

    async def holds(self, count: int) -> None:
        async def reached() -> bool:
            return self.server.bodies.held == count

        await aeventually(reached)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    batching = FlushedByDoor[Connection]()
    bench = Bench(batching=batching)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    bound = socket.create_server(("127.0.0.1", 0))
    stop, ready = asyncio.Event(), asyncio.Event()
    server = Server(bench.scorer, Routes(bench.scorer, bench.scorer.live), LIMITS, batching, drain_s=0.05)
    task = asyncio.create_task(server.run(bound, stop.wait(), ready.set))
    await ready.wait()
    found = Running(server, bound.getsockname()[1])
    yield found
    for client in found.clients:
        client.writer.close()
    stop.set()
    await task


async def test_beyond_the_budget_of_all_connections_a_body_is_refused_and_the_others_go_on(running: Running) -> None:
    first, second = await running.send(HEAD, b" " * 40_000), await running.send(HEAD, b" " * 40_000)
    await running.holds(80_000)
    third = await running.send(HEAD, b" " * 40_000)
    assert await third.status() == 503
    await running.holds(80_000)
    for client in (first, second):
        client.writer.write(b" " * 10_000)
        assert await client.status() == 400  # blanks are no JSON: it was read to its end
    await running.holds(0)


async def test_a_body_that_is_refused_says_when_to_try_again_and_ends_its_connection(running: Running) -> None:
    for _ in range(2):
        await running.send(HEAD, b" " * 45_000)
    await running.holds(90_000)
    refused = await running.send(HEAD, b" " * 45_000)
    answer = await asyncio.wait_for(refused.reader.read(), 30)
    assert b"retry-after: 1" in answer
    assert b"too many bodies are under way" in answer


async def test_what_has_only_been_announced_holds_no_place(running: Running) -> None:
    for _ in range(10):
        await running.send(HEAD)
    whole = await running.send(HEAD, b" " * SIZE)
    assert await whole.status() == 400


@pytest.mark.parametrize("end", ["gone", "refused", "malformed"])
async def test_a_place_is_given_back_however_the_body_ends(running: Running, end: str) -> None:
    chunked = HEAD.replace(b"content-length: %d" % SIZE, b"transfer-encoding: chunked")
    client = await running.send(chunked, b"8000\r\n" + b" " * 0x8000 + b"\r\n")
    await running.holds(0x8000)
    if end == "gone":
        client.writer.close()
    elif end == "refused":
        client.writer.write(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
        assert await client.status() == 413
    else:
        client.writer.write(b"no length\r\n")
        assert await client.status() == 400
    await running.holds(0)


async def test_what_a_packed_body_becomes_is_what_it_holds_and_is_given_back(running: Running) -> None:
    """Some hundred bytes each, and of the second there is no room for what it becomes."""
    data = gzip.compress(b" " * 49_000)
    head = HEAD.replace(b"content-length: %d" % SIZE, b"content-length: %d\r\ncontent-encoding: gzip" % len(data))
    first = await running.send(head, data[:-8])
    await running.holds(49_000)
    second = await running.send(head, data[:-8])
    await running.holds(98_000)
    third = await running.send(head, data[:-8])
    assert await third.status() == 503
    await running.holds(98_000)
    for client in (first, second):
        client.writer.write(data[-8:])
        assert await client.status() == 400  # blanks are no JSON: it was read to its end
    await running.holds(0)


async def test_a_body_that_is_refused_before_it_comes_holds_nothing(running: Running) -> None:
    other = HEAD.replace(b"host: x", b"host: x\r\ncontent-type: text/plain")
    client = await running.send(other, b" " * 40_000)
    client.writer.write(b" " * 10_000)
    assert await client.status() == 415
    assert running.server.bodies.held == 0


async def test_who_asks_on_and_takes_no_answers_is_cut_off(running: Running) -> None:
    asked = 6_000
    client = await running.send(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * asked)
    assert (await answers_of(client)).count(b"HTTP/1.1 200") < asked


class Clogged(asyncio.Transport):
    """To a client that takes nothing."""

    is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 100_000

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None:
        self.is_aborted = True


async def test_who_takes_no_answers_is_cut_off_in_the_end_whatever_else_was_answered(running: Running) -> None:
    """A short answer behind the long ones is no sign of life, and a close would wait for them to be taken."""
    connection, transport = Connection(running.server), Clogged()
    connection.connection_made(transport)
    connection.pause_writing()
    connection.data_received(b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n")
    connection.expire()
    assert transport.is_aborted
    connection.connection_lost(None)


@given(moves=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=40))
def test_the_budget_is_the_sum_of_what_each_holds_and_never_more_than_allowed(moves: list[tuple[int, int]]) -> None:
    budget, held = BodyBudget(100), [0, 0, 0, 0]
    for who, size in moves:
        fits = size <= held[who] or sum(held) - held[who] + size <= 100
        assert budget.move(held[who], size) is fits
        if fits:
            held[who] = size
        assert budget.held == sum(held) <= 100


# 40 connections with 3 MB each of a body that does not end; then they go. Megabytes before, at most, and in the end.
_MEMORY = """
import asyncio, os, socket
from function_app.scoring.serve.connection import Connection
from function_app.scoring.serve.limits import HttpLimits
from function_app.scoring.serve.memory import share_one_arena
from function_app.scoring.serve.routes import Routes
from function_app.scoring.serve.server import Server
from services.scoring import FlushedByDoor, Scorer
from services.scoring.capture.buffer import CaptureBuffer
from shared.adapters.clock import SystemClock

def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.05)

async def main():
    scorer = Scorer(CaptureBuffer(SystemClock()))
    bound = socket.create_server(("127.0.0.1", 0))
    stop, ready = asyncio.Event(), asyncio.Event()
    server = Server(scorer, Routes(scorer, scorer.live), HttpLimits(), FlushedByDoor(), 0)
    task = asyncio.create_task(server.run(bound, stop.wait(), ready.set))
    await ready.wait()
    before = megabytes()
    head = b"POST /v2/models/a/infer HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 4000000\\r\\n\\r\\n"
    writers = [(await asyncio.open_connection("127.0.0.1", bound.getsockname()[1]))[1] for _ in range(40)]
    for writer in writers:
        writer.write(head)
    stays = []
    for _ in range(150):  # in turns, and with something that stays, so that no part of the heap's end becomes free
        for writer in writers:
            writer.write(b" " * 20_000)
        await asyncio.sleep(0.001)
        stays.append(bytes(1_000))
    await until(lambda: server.bodies.held == 40 * 3_000_000)
    most = megabytes()
    for writer in writers:
        writer.close()
    await until(lambda: server.bodies.held == 0)
    await until(lambda: megabytes() < before + 40)
    print(before, most, megabytes())
    stop.set()
    await task

share_one_arena()
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is looked up in /proc")
def test_what_unfinished_bodies_took_of_the_machine_is_given_back() -> None:
    ended = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True)
    before, most, after = map(int, ended.stdout.split())
    assert most > before + 100
    assert after < before + 40
