"""What was answered is in the hub once, whatever happens to who sends it (R022, F22)."""

import asyncio
from collections import Counter

import aiohttp
import psutil
import pytest

from shared.events import CaptureLost, PredictionsCaptured
from tests.integration.scoring.conftest import MakeApp
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring_app import HubReader, ScoringApp

pytestmark = pytest.mark.parametrize("door", ["server"], indirect=True)
_ROWS = 3


class Asking:
    """Several callers without a pause; `answered` are the ids of requests with an answer."""

    def __init__(self, app: ScoringApp, session: aiohttp.ClientSession, callers: int = 6) -> None:
        self.answered: list[str] = []
        self._app = app
        self._session = session
        self._done = asyncio.Event()
        self._tasks = [asyncio.create_task(self._call(number)) for number in range(callers)]

    async def _call(self, number: int) -> None:
        count = 0
        while not self._done.is_set():
            name = f"r{number}.{count}"
            try:
                status, _, _ = await self._app.ask(self._session, {**tensors(sample_rows(_ROWS)), "id": name})
            except aiohttp.ClientConnectorError:
                return  # nobody listens: not a request that was taken
            assert status == 200
            self.answered.append(name)
            count += 1

    async def more(self, count: int) -> None:
        before = len(self.answered)

        async def enough() -> bool:
            return len(self.answered) >= before + count

        await aeventually(enough)

    async def stop(self) -> Counter[str]:
        """Every row that was answered, once each."""
        self._done.set()
        await asyncio.gather(*self._tasks)
        return Counter(f"{name}-{row}" for name in self.answered for row in range(_ROWS))


def sender_of(app: ScoringApp) -> psutil.Process | None:
    assert app.process is not None
    for each in psutil.Process(app.process.pid).children():
        if any("sender_process" in part for part in each.cmdline()):
            return each
    return None


async def the_sender_of(app: ScoringApp) -> psutil.Process:
    async def found() -> psutil.Process | None:
        return sender_of(app)

    sender = await aeventually(found)
    assert sender is not None
    return sender


def captured(hub: HubReader) -> Counter[str]:
    """Rows by key. An event that came twice counts once, as readers have it."""
    events = {each.id: each.data for each in hub.envelopes if isinstance(each.data, PredictionsCaptured)}
    return Counter(key for block in events.values() for key in block.keys)


async def test_under_load_and_at_its_end_nothing_is_lost_or_doubled(
    make_app: MakeApp, session: aiohttp.ClientSession, predictions: EventHubsServer
) -> None:
    """SIGTERM comes to the sender as well, as it does where a whole group of processes is ended."""
    app = make_app()
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    asking = Asking(app, session)
    await asking.more(300)
    (await the_sender_of(app)).terminate()
    assert await asyncio.to_thread(app.stop) == 0
    expected = await asking.stop()
    hub = HubReader(predictions, app.endpoint)
    await hub.until(lambda: captured(hub) == expected)
    identities = [each.id for each in hub.envelopes]
    await hub.close()
    assert len(identities) == len(set(identities))
    assert hub.of(CaptureLost) == []


async def test_a_sender_that_is_killed_under_load_loses_nothing(
    make_app: MakeApp, session: aiohttp.ClientSession, predictions: EventHubsServer
) -> None:
    app = make_app()
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    asking = Asking(app, session)
    killed = set[int]()
    for _ in range(2):
        await asking.more(100)
        sender = await the_sender_of(app)
        killed.add(sender.pid)
        sender.kill()
        await asyncio.to_thread(sender.wait)
    expected = await asking.stop()
    hub = HubReader(predictions, app.endpoint)
    await hub.until(lambda: captured(hub) == expected)
    await hub.close()
    assert len(killed) == 2
    assert "it is started again" in app.log
    assert hub.of(CaptureLost) == []


async def test_a_server_that_is_killed_leaves_no_sender_behind(
    make_app: MakeApp, session: aiohttp.ClientSession
) -> None:
    app = make_app()
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    sender = await the_sender_of(app)
    assert app.process is not None
    app.process.kill()

    async def has_ended() -> bool:
        return not sender.is_running()

    await aeventually(has_ended)
