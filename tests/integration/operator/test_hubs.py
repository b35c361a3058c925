"""`sluice dead-letters` and `sluice events tail` against a real server of hubs."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.letter_bodies import BlobLetterBodies
from shared.adapters.clock import SystemClock
from shared.events import Event, ModelRegistered, ModelRejected, RedriveRequested, decode
from shared.ports import Hub, Message
from shared.reactor import DeadLetters
from tests.integration.operator.conftest import Account, sluice
from tests.support.builders import envelope, model_ref
from tests.support.eventhubs import AccessKey, EventHubsServer, HubSpec, StartEventHubs
from tests.support.eventually import eventually

_HUBS = [HubSpec(name, 2, ("observers",)) for name in ("events", "dead-letter", "decisions")]
_REPOSITORY = Path(__file__).resolve().parents[3]
# A busy machine is slow to read a hub.
PATIENT = ("--timeout", "300")


@pytest.fixture
def hubs(start_eventhubs: StartEventHubs, monkeypatch: pytest.MonkeyPatch) -> EventHubsServer:
    server = start_eventhubs(_HUBS)
    monkeypatch.setenv("HUB_EVENTS", server.connection_string("events"))
    monkeypatch.setenv("HUB_DEAD_LETTER", server.connection_string("dead-letter"))
    monkeypatch.setenv("HUB_DECISIONS", server.connection_string("decisions"))
    monkeypatch.setenv("COMMANDS", server.connection_string("decisions"))
    monkeypatch.setenv("SLUICE_STORAGE", "UseDevelopmentStorage=true")
    return server


def connections(server: EventHubsServer) -> dict[Hub, str]:
    return {"events": server.connection_string("events"), "dead-letter": server.connection_string("dead-letter")}


def publish(server: EventHubsServer, *facts: Event) -> None:
    publish_to(connections(server), *facts)


def publish_to(addresses: dict[Hub, str], *facts: Event) -> None:
    async def send() -> None:
        publisher = EventHubPublisher(addresses)
        await publisher.publish("events", [envelope(fact, id=f"event-{n}") for n, fact in enumerate(facts)])
        await publisher.close()

    asyncio.run(send())


def bury(server: EventHubsServer, account: Account, *bodies: bytes) -> None:
    async def send() -> None:
        clients, publisher = storage_clients(account.address), EventHubPublisher(connections(server))
        letters = DeadLetters(publisher, BlobLetterBodies(clients.blobs), SystemClock())
        for sequence, body in enumerate(bodies):
            await letters.bury("staging", Message("events", 1, sequence, body), f"type: no\x1b[2J {sequence}")
        await publisher.close()
        await clients.close()

    asyncio.run(send())


def test_an_empty_hub_is_read_at_once(hubs: EventHubsServer) -> None:
    assert (sluice("events", "tail").exit_code, sluice("events", "tail").stdout) == (0, "")
    result = sluice("dead-letters", "list")
    assert (result.exit_code, result.stdout) == (0, "no dead letters\n")


def test_events_are_filtered_by_type_and_entity(hubs: EventHubsServer) -> None:
    first, second = model_ref("1"), model_ref("2")
    publish(hubs, ModelRegistered(model=first), ModelRejected(model=first, reason="x"), ModelRegistered(model=second))
    assert len(sluice("events", "tail").stdout.splitlines()) == 3
    assert "model.rejected  model flights:1" in sluice("events", "tail", "--type", "rejected").stdout
    (line,) = sluice("events", "tail", "--entity", "Flights:2", "--json").stdout.splitlines()
    assert json.loads(line)["event"]["id"] == "event-2"
    assert sluice("events", "tail", "--since", "2999-01-01").stdout == ""


def test_following_ends_cleanly_with_ctrl_c(hubs: EventHubsServer, tmp_path: Path) -> None:
    publish(hubs, ModelRegistered(model=model_ref("1")))
    command = [sys.executable, "-m", "function_app.operator", "events", "tail", "--follow", "--json"]
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(command, cwd=_REPOSITORY, env=dict(os.environ), stdout=out, stderr=err)
    try:
        eventually(lambda: "event-0" in (tmp_path / "out").read_text())
        publish(hubs, ModelRegistered(model=model_ref("2")), ModelRegistered(model=model_ref("3")))
        eventually(lambda: "event-1" in (tmp_path / "out").read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "err").read_text() == ""


def test_a_dead_letter_is_listed_and_shown_with_its_message(hubs: EventHubsServer, account: Account) -> None:
    bury(hubs, account, b'{"type": "un\\u001bknown"}', b"\xff\x00\x1b")
    result = sluice("dead-letters", "list")
    assert result.exit_code == 0, result.output
    assert "type: no[2J 0" in result.stdout
    listed = json.loads(sluice("dead-letters", "list", "--service", "staging", "--json").stdout)
    assert [letter["sequence"] for letter in listed] == [0, 1]
    shown = sluice("dead-letters", "show", listed[0]["id"])
    assert '"type": "un\\u001bknown"' in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "ff 00 1b" in sluice("dead-letters", "show", listed[1]["id"][:12]).stdout
    assert json.loads(sluice("dead-letters", "show", listed[1]["id"], "--json").stdout)["message_base64"] == "/wAb"
    assert sluice("dead-letters", "show", "nope").exit_code == 1


def test_a_dead_letter_is_redriven_by_the_beginning_of_its_id(hubs: EventHubsServer, account: Account) -> None:
    """The command names the service that could not handle it, so that nobody has to look it up."""
    bury(hubs, account, b"one", b"two")
    first, _ = json.loads(sluice("dead-letters", "list", "--json", *PATIENT).stdout)
    why = ("--reason", "it is known now", "--operator", "petra@example.com")
    assert sluice("dead-letters", "redrive", "nope", *why).exit_code == 1
    assert sluice("dead-letters", "redrive", first["id"][:12]).exit_code == 2
    asked = sluice("dead-letters", "redrive", first["id"][:12], *why)
    assert asked.exit_code == 0, asked.output
    (line,) = sluice("events", "tail", "--hub", "decisions", "--json").stdout.splitlines()
    command = decode(json.dumps(json.loads(line)["event"]).encode()).data
    assert command == RedriveRequested(
        service="staging", letter=first["id"], operator="petra@example.com", reason="it is known now"
    )


def test_a_message_that_was_deleted_by_now_is_said_to_be_missing(hubs: EventHubsServer, account: Account) -> None:
    bury(hubs, account, b"body")
    (letter,) = json.loads(sluice("dead-letters", "list", "--json", *PATIENT).stdout)
    account.letters.delete_blob(f"{letter['body'][:2]}/{letter['body']}")
    assert "not to be had" in sluice("dead-letters", "show", letter["id"]).stdout


def test_a_hub_that_does_not_answer_is_exit_code_3(hubs: EventHubsServer) -> None:
    hubs.stop()
    result = sluice("events", "tail", "--timeout", "5")
    assert result.exit_code == 3
    assert "SharedAccessKey" not in result.stderr


@pytest.fixture
def shut_out(start_eventhubs: StartEventHubs, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key that may send, and ask what there is, and not listen."""
    may_send = AccessKey("sender", "key-of-sender", "*", ("Send",))
    server = start_eventhubs(_HUBS, keys=[may_send])
    address = server.connection_string("events", "sender")
    publish_to({"events": address}, ModelRegistered(model=model_ref("1")))
    monkeypatch.setenv("HUB_EVENTS", address)
    monkeypatch.setenv("SLUICE_STORAGE", "UseDevelopmentStorage=true")


@pytest.mark.parametrize("how", ["--follow", "--no-follow"])
@pytest.mark.usefixtures("shut_out")
def test_who_may_not_listen_is_told_and_does_not_wait(how: str) -> None:
    """The asynchronous client of Event Hubs says nothing of it, and asks again for ever."""
    result = sluice("events", "tail", how, "--timeout", "600")
    assert result.exit_code == 3
    assert "read by group observers hub events: unauthorized-access" in " ".join(result.stderr.split())
    assert "may this key read it" in " ".join(result.stderr.split())


@pytest.mark.parametrize("how", ["--follow", "--no-follow"])
def test_a_group_that_is_not_there_is_named(hubs: EventHubsServer, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    publish(hubs, ModelRegistered(model=model_ref("1")))
    monkeypatch.setenv("OBSERVERS", "nobody")
    result = sluice("events", "tail", how, "--timeout", "600")
    assert (result.exit_code, result.stderr) == (1, "sluice: hub events has no consumer group nobody\n")
