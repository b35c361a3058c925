"""The process that sends for a scoring server: whatever becomes of it, of the server, or of whoever waits."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from shared.adapters.azure.event_hubs import line
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.event_hubs.sender import HubSender
from shared.events import Hub, decode
from shared.ports import Refused, Unavailable
from tests.contract.examples import envelope
from tests.support.eventhubs import EventHubsServer, StartEventHubs
from tests.support.eventually import aeventually, eventually

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def server(start_eventhubs: StartEventHubs) -> EventHubsServer:
    return start_eventhubs({"events": 1})


@pytest.fixture
async def sender(server: EventHubsServer) -> AsyncIterator[HubSender]:
    found = HubSender({"events": server.connection_string("events")})
    yield found
    await found.close()


def process_of(sender: HubSender) -> psutil.Process:
    assert sender._line is not None
    return psutil.Process(sender._line._process.pid)


async def arrived(server: EventHubsServer) -> list[str]:
    reader = EventHubReader({"events": server.connection_string("events")})
    return [decode(message.body).id for message in await reader.read("events", 0, 0, 10**6)]


async def test_who_leaves_leaves_the_line_free_for_the_next(server: EventHubsServer, sender: HubSender) -> None:
    await sender.publish("events", [envelope("first")])
    process_of(sender).suspend()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await sender.publish("events", [envelope("left")])
    waiting = asyncio.create_task(sender.publish("events", [envelope("last")]))
    process_of(sender).resume()
    await waiting
    found = await arrived(server)
    assert [name for name in found if name != "left"] == ["first", "last"]
    assert len(found) == len(set(found))


async def test_a_killed_process_is_unavailable_and_then_another_one(
    server: EventHubsServer, sender: HubSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sender.publish("events", [envelope("first")])
    process_of(sender).suspend()
    under_way = asyncio.create_task(sender.publish("events", [envelope("second")]))
    await aeventually(lambda: _is_asked(sender), every_s=0.01)
    process_of(sender).kill()
    with pytest.raises(Unavailable, match="has ended"):
        await under_way

    async def is_sent_again() -> bool:
        try:
            await sender.publish("events", [envelope("second")])
        except Unavailable:
            return False
        return True

    await aeventually(is_sent_again)
    assert await arrived(server) == ["first", "second"]


async def _is_asked(sender: HubSender) -> bool:
    assert sender._line is not None
    answer = sender._line._answer
    return answer is not None and not answer.done()


async def test_one_that_ends_at_once_is_not_started_again_and_again(
    sender: HubSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(line, "_COMMAND", ("false",))
    monkeypatch.setattr(line, "_start", _counting(started))
    for _ in range(5):
        with pytest.raises(Unavailable, match="has ended"):
            await sender.publish("events", [envelope("first")])
    assert len(started) == 1


def _counting(started: list[object]) -> object:
    start = line._start

    def counted(stdin: object) -> object:
        started.append(stdin)
        return start(stdin)  # type: ignore[arg-type]

    return counted


async def test_one_that_cannot_be_started_is_unavailable(sender: HubSender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "_COMMAND", ("/nowhere/python",))
    with pytest.raises(Unavailable, match="cannot be started"):
        await sender.publish("events", [envelope("first")])


async def test_a_hub_it_has_no_connection_to_is_refused_without_a_process(sender: HubSender) -> None:
    hub: Hub = "predictions"
    with pytest.raises(Refused, match="no connection"):
        await sender.publish(hub, [envelope("first")])
    assert sender._line is None


async def test_it_shows_no_key_and_ignores_the_signals_that_are_for_the_server(sender: HubSender) -> None:
    await sender.publish("events", [envelope("first")])
    process = process_of(sender)
    assert not [part for part in process.cmdline() if "SharedAccessKey" in part]
    assert process.nice() > psutil.Process().nice()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)
    await sender.publish("events", [envelope("second")])
    assert process_of(sender).pid == process.pid
    await sender.close()
    assert not process.is_running()


_KILLED = """
import asyncio, os, signal, sys
from shared.adapters.azure.event_hubs.sender import HubSender
from tests.contract.examples import envelope

async def work():
    sender = HubSender({"events": sys.argv[1]})
    await sender.publish("events", [envelope("first")])
    print(sender._line._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(work())
"""


def test_it_ends_with_the_process_that_it_sends_for_however_that_ends(server: EventHubsServer) -> None:
    command = [sys.executable, "-c", _KILLED, server.connection_string("events")]
    found = subprocess.run(command, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": "."}, stdout=subprocess.PIPE)
    assert found.returncode == -signal.SIGKILL
    eventually(lambda: not psutil.pid_exists(int(found.stdout)))
