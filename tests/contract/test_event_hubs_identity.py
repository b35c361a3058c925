"""Hubs are reached with the app's identity alone, as in Azure: a token by the identity endpoint, rights by its oid."""

import json
from pathlib import Path

import pytest

from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.identity import own_identity
from shared.events import decode
from shared.ports import Hub, Unavailable
from tests.contract.azure_ml import reach
from tests.contract.examples import envelope
from tests.local.azure_ml.emulator_process import TENANT, EmulatorProcess
from tests.support.eventhubs import EventHubsServer, StartEventHubs

pytestmark = pytest.mark.local_only


@pytest.fixture(autouse=True)
def nobody_yet() -> None:
    """A process is one identity; here one process is several, one after the other."""
    own_identity.cache_clear()


@pytest.fixture
def server(start_eventhubs: StartEventHubs, tmp_path: Path) -> EventHubsServer:
    """Of hub `events`, on which identity `control` of the emulator may send and listen, and nobody else."""
    grants = [{"hub": "events", "rights": ["Send", "Listen"]}]
    identities = [
        {"oid": "00000000-0000-4000-8000-000000000001", "grants": grants},
        {"oid": "00000000-0000-4000-8000-000000000002", "grants": []},
    ]
    path = tmp_path / "identities.json"
    path.write_text(json.dumps({"tenant": TENANT, "identities": identities}))
    return start_eventhubs({"events": 1}, arguments=["--identities", str(path)])


async def test_an_app_sends_and_reads_as_its_identity(
    server: EventHubsServer, emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, emulator, "control")
    address: dict[Hub, str] = {"events": f"localhost:{server.port}/events"}
    publisher = EventHubPublisher(address)
    await publisher.publish("events", [envelope("sent")])
    await publisher.close()
    (message,) = await EventHubReader(address).read("events", 0, 0, 9)
    assert decode(message.body).id == "sent"


@pytest.mark.parametrize("identity", ["reader", "nobody"])
async def test_an_identity_without_a_role_there_may_still_be_given_it(
    server: EventHubsServer, emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    """Known without a role, or not known at all: both may be an assignment on its way."""
    reach(monkeypatch, emulator, identity)
    address: dict[Hub, str] = {"events": f"localhost:{server.port}/events"}
    publisher = EventHubPublisher(address)
    with pytest.raises(Unavailable):
        await publisher.publish("events", [envelope("sent")])
    await publisher.close()
    with pytest.raises(Unavailable):
        await EventHubReader(address, timeout_s=5).held("events", 0)


async def test_a_token_is_asked_for_once_and_again_before_it_expires(
    emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, emulator, "control")
    scope, me = "https://eventhubs.azure.net/.default", own_identity()
    token = await me.get_token(scope)
    assert await me.get_token(scope) is token
    used_up = token.expires_on - 600
    monkeypatch.setattr("shared.adapters.azure.identity.time.time", lambda: used_up)
    assert await me.get_token(scope) is not token
