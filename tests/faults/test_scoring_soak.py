"""Hours in small: the own server under mixed load, with switches, bad requests and clients that vanish.

`SOAK_S` is how long (600 s). Memory and descriptors are read all along; what the last quarter holds must be what the
second one held.
"""

import asyncio
import json
import os
import random
import socket
from collections import Counter
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import aiohttp
import psutil
import pytest

from services.scoring import ARROW_TYPE
from shared.ports import Route
from tests.support.arrow_streams import batch_of, stream_of
from tests.support.azurite import Azurite
from tests.support.figures import Figure
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring_app import ScoringApp, make_containers

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(4_000)]

_SWITCH_EVERY_S = 5.0
_READ_EVERY_S = 1.0
_GROWTH_MB = 8.0
_INFER = "/v2/models/flights/infer"


class Soak:
    """`statuses` counts answers, `readings` are (megabytes of the process alone, descriptors)."""

    def __init__(self, app: ScoringApp, session: aiohttp.ClientSession, seconds: float) -> None:
        self.statuses: Counter[int] = Counter()
        self.readings: list[tuple[float, int]] = []
        self.switches = 0
        self._app = app
        self._session = session
        self._until = monotonic() + seconds

    @property
    def goes_on(self) -> bool:
        return monotonic() < self._until

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for seed in range(6):
                tasks.create_task(self._ask(random.Random(seed)))
            tasks.create_task(self._vanish(random.Random(99)))
            tasks.create_task(self._switch())
            tasks.create_task(self._read())

    async def _ask(self, rng: random.Random) -> None:
        bodies: list[tuple[bytes, str]] = [
            (json.dumps(tensors(sample_rows(1))).encode(), "application/json"),
            (json.dumps({"rows": sample_rows(50)}).encode(), "application/json"),
            (json.dumps({**tensors(sample_rows(2)), "parameters": {"binary_data_output": True}}).encode(), "text/json"),
            (stream_of(batch_of(sample_rows(200))), ARROW_TYPE),
            (stream_of(batch_of(sample_rows(20)))[:-99], ARROW_TYPE),
            (b'{"inputs": [{"name": "distance"}]}', "application/json"),
        ]
        while self.goes_on:
            body, kind = rng.choice(bodies)
            headers = {"x-request-id": str(rng.random()), "traceparent": f"00-{rng.getrandbits(128):032x}-{1:016x}-01"}
            found, _, _ = await self._app.ask(self._session, body, _INFER, **{"content-type": kind}, **headers)
            self.statuses[found] += 1

    async def _vanish(self, rng: random.Random) -> None:
        """Clients that send something and go, now and then in the middle of a request."""
        host, port = self._app.url.removeprefix("http://").split(":")
        request = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n" % _INFER.encode()
        while self.goes_on:
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write((request + rng.randbytes(500))[: rng.randrange(1, 600)])
            if rng.random() < 0.5:  # a reset instead of an end
                client: socket.socket = writer.get_extra_info("socket")
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.close()
            await asyncio.sleep(0.02)

    async def _switch(self) -> None:
        """To and fro between two versions, and to one that cannot be loaded."""
        first, second = await self._app.adopt("1"), await self._app.adopt("2", weight=0.5, padding_bytes=1 << 20)
        missing = second.model_copy(update={"digest": "0" * 64})
        while self.goes_on:
            routes = [(first, second), (second, first), (missing, first)][self.switches % 3]
            await self._app.serve(routes[0], previous=Route(package=routes[1]))
            self.switches += 1
            await asyncio.sleep(_SWITCH_EVERY_S)

    async def _read(self) -> None:
        assert self._app.process is not None
        process = psutil.Process(self._app.process.pid)
        while self.goes_on:
            self.readings.append((process.memory_full_info().uss / 1e6, process.num_fds()))
            await asyncio.sleep(_READ_EVERY_S)


def quarters(readings: list[Any]) -> tuple[list[Any], list[Any]]:
    """The second and the last: in the first, caches and buffers fill."""
    size = len(readings) // 4
    return readings[size : 2 * size], readings[-size:]


async def test_memory_and_descriptors_stay_as_they_were(
    tmp_path: Path, azurite: Azurite, start_eventhubs: Any, request: pytest.FixtureRequest, figure: Figure
) -> None:
    """Runs when faults are asked for (`make test-faults`)."""
    if "faults" not in str(request.config.getoption("markexpr")):
        pytest.skip("long: runs with -m faults, that is `make test-faults`")
    await make_containers(azurite)
    hubs = start_eventhubs({"predictions": 2})
    settings = {"ROLLBACK_WINDOW_S": "3", "CAPTURE_SAMPLING": "0.1", "CAPTURE_ROWS": "5000", "ACCESS_LOG": "true"}
    app = ScoringApp("server", tmp_path / "app", azurite, hubs.connection_string("predictions"), "soak", **settings)
    await app.serve(await app.adopt())
    await app.start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        await app.serves(session, "1")
        soak = Soak(app, session, float(os.environ.get("SOAK_S", "600")))
        await soak.run()
    assert app.stop() == 0
    before, after = quarters([memory for memory, _ in soak.readings])
    held, holds = quarters([descriptors for _, descriptors in soak.readings])
    course = [round(memory) for memory, _ in soak.readings[:: max(1, len(soak.readings) // 20)]]
    figure(f"memory in MB over time: {course}")
    figure(f"{dict(soak.statuses)} answers, {soak.switches} switches; memory {median(before):.1f} MB, then "
          f"{median(after):.1f} MB; descriptors at most {max(held)}, then {max(holds)}")  # fmt: skip
    assert soak.statuses.keys() == {200, 400}
    assert median(after) <= median(before) + _GROWTH_MB
    assert max(holds) <= max(held) + 3
