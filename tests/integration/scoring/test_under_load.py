"""Callers while everything else happens: switch, rollback, eviction, drain, and a hub that can hardly keep up."""

import asyncio
import json
from collections import Counter
from typing import Any
from urllib.request import Request, urlopen

import aiohttp
import pytest

from shared.events import CaptureLost, PredictionsCaptured
from shared.ports import Route
from tests.integration.scoring.conftest import MakeApp
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring_app import HubReader, ScoringApp


class Callers:
    """Ask without a pause until `stop`; `answered` counts status and version, `lost` requests without an answer."""

    def __init__(self, app: ScoringApp, session: aiohttp.ClientSession, count: int = 8) -> None:
        self.answered: Counter[tuple[int, str]] = Counter()
        self.lost: list[BaseException] = []
        self._app = app
        self._session = session
        self._done = asyncio.Event()
        self._tasks = [asyncio.create_task(self._call()) for _ in range(count)]

    async def _call(self) -> None:
        while not self._done.is_set():
            try:
                status, _, headers = await self._app.ask(self._session, tensors(sample_rows(2)))
            except aiohttp.ClientConnectorError:
                return  # nobody listens: not a request that was taken
            except aiohttp.ClientError as error:
                self.lost.append(error)
                return
            self.answered[status, headers.get("sluice-model-version", "")] += 1

    async def met(self, version: str, more: int = 50) -> None:
        """Return once that many more requests were answered by this version."""
        before = self.answered[200, version]

        async def enough() -> bool:
            return self.answered[200, version] >= before + more

        await aeventually(enough)

    async def stop(self) -> None:
        self._done.set()
        await asyncio.gather(*self._tasks)


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_switch_rollback_eviction_and_drain_lose_no_request(
    make_app: MakeApp, session: aiohttp.ClientSession
) -> None:
    app = make_app(ROLLBACK_WINDOW_S="1.5")
    first, second = await app.adopt("1"), await app.adopt("2", weight=0.5, padding_bytes=1 << 20)
    await app.serve(first)
    await app.start()
    await app.serves(session, "1")
    callers = Callers(app, session)
    await callers.met("1")
    await app.serve(second, previous=Route(package=first))
    await callers.met("2")
    await app.serve(first, previous=Route(package=second))
    await callers.met("1")

    async def is_evicted() -> bool:
        status, body, _ = await app.ask(session, tensors(sample_rows(1)), "/v2/models/flights/versions/2/infer")
        return bool(status == 404 and body["error"] == "model 'flights': version '2' is not loaded; loaded: 1")

    await aeventually(is_evicted)
    await callers.met("1")
    assert await asyncio.to_thread(app.stop) == 0
    await callers.stop()
    assert callers.lost == []
    assert {status for status, _ in callers.answered} == {200}


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_a_slow_hub_delays_no_answer_and_what_is_lost_is_counted(
    make_app: MakeApp, session: aiohttp.ClientSession, start_eventhubs: Any
) -> None:
    server: EventHubsServer = start_eventhubs({"predictions": 1})
    app = make_app(server.connection_string("predictions"), CAPTURE_ROWS="50")
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    slow = json.dumps({"slow": {"hub": "predictions", "send_ms": 3_000}}).encode()
    faults = f"{server.admin_url}/admin/faults"
    await asyncio.to_thread(_call, Request(faults, slow, method="POST"))  # noqa: S310 - the test's own server
    asked = 0

    def rows(hub: HubReader) -> int:
        captured = {key for block in hub.of(PredictionsCaptured) for key in block.keys}
        return len(captured) + sum(int(lost.rows) for lost in hub.of(CaptureLost))

    async with asyncio.timeout(60):
        for seed in range(30):
            status, _, _ = await app.ask(session, {**tensors(sample_rows(10, seed)), "id": f"r{seed}"})
            assert status == 200
            asked += 10
    hub = HubReader(server, app.endpoint)
    seen_while_slow = rows(hub)
    await asyncio.to_thread(_call, Request(faults, method="DELETE"))  # noqa: S310
    await hub.until(lambda: rows(hub) >= asked)
    await hub.close()
    assert seen_while_slow < asked
    assert rows(hub) == asked
    assert sum(lost.rows for lost in hub.of(CaptureLost)) > 0


def _call(request: Request) -> None:
    with urlopen(request, timeout=120) as response:  # noqa: S310
        response.read()
