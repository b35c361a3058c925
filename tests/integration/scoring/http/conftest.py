"""The own server over a scorer in memory, with version 1 of the small model."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from function_app.scoring.serve.connection import Connection
from function_app.scoring.serve.routes import Routes
from function_app.scoring.serve.server import Server
from services.scoring import FlushedByDoor
from services.scoring.answering.metrics import metrics_page
from tests.integration.scoring.http.speaking import LIMITS, Running
from tests.support.scoring import Bench


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    batching = FlushedByDoor[Connection]()
    bench = Bench(batching=batching)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    bound = socket.create_server(("127.0.0.1", 0))
    stop, ready = asyncio.Event(), asyncio.Event()
    routes = Routes(bench.scorer, lambda: metrics_page({"flights": bench.scorer}, [bench.capture]))
    found = Server(bench.scorer, routes, LIMITS, batching, drain_s=0.05)
    task = asyncio.create_task(found.run(bound, stop.wait(), ready.set))
    await ready.wait()
    yield Running(bound.getsockname()[1], stop, task)
    stop.set()
    await task
