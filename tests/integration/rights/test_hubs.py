"""Every sender and reader against every hub, with each of its keys: exactly the design's table (section 2)."""

import base64
import os
from collections.abc import Iterator

import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import EventHubError

from infra.local import topology
from tests.integration.rights.table import RECEIVES, SENDS
from tests.local.eventhubs.reading import reading
from tests.support.eventhubs import AccessKey, EventHubsServer, HubSpec

pytestmark = [pytest.mark.local_only, pytest.mark.asyncio(loop_scope="session")]
OWNERS = sorted({grant.owner for grant in topology.HUB_GRANTS} | set(topology.APPS))
HUBS = [hub.name for hub in topology.HUBS]
_REFUSED = ("unauthorized-access", "not authorized", "Unauthorized", "authentication", "CBS")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    keys = [
        AccessKey(f"{grant.owner}-{grant.hub}", base64.b64encode(os.urandom(32)).decode(), grant.hub, grant.rights)
        for grant in topology.HUB_GRANTS
    ]
    root = AccessKey("root", base64.b64encode(os.urandom(32)).decode(), "*", ("Send", "Listen", "Manage"))
    specs = [HubSpec(hub.name, 1, hub.consumer_groups) for hub in topology.HUBS]
    with EventHubsServer(tmp_path_factory.mktemp("rights"), specs, keys=[*keys, root]) as running:
        yield running


def keys_of(owner: str) -> list[str]:
    return [f"{grant.owner}-{grant.hub}" for grant in topology.HUB_GRANTS if grant.owner == owner]


def _not_refused(error: EventHubError) -> bool:
    """False for a refusal; anything else that went wrong is raised again. The SDK has no one class for refusals."""
    if any(word in str(error) for word in _REFUSED):
        return False
    raise error


async def may_send(server: EventHubsServer, hub: str, key: str) -> bool:
    connection = server.connection_string(hub, key)
    async with EventHubProducerClient.from_connection_string(connection, retry_total=0) as client:
        try:
            await client.send_event(EventData(b"tried"))
        except EventHubError as error:
            return _not_refused(error)
    return True


async def may_receive(server: EventHubsServer, hub: str, key: str) -> bool:
    async with EventHubProducerClient.from_connection_string(server.connection_string(hub, "root")) as client:
        await client.send_event(EventData(b"to be read"))
    connection = server.connection_string(hub, key)
    async with reading(connection, partition_id="0", starting_position="-1") as seen:
        try:
            await seen.until(1)
        except EventHubError as error:
            return _not_refused(error)
    return True


@pytest.mark.parametrize("owner", OWNERS)
async def test_it_sends_to_just_these_hubs(server: EventHubsServer, owner: str) -> None:
    allowed = {hub for hub in HUBS for key in keys_of(owner) if await may_send(server, hub, key)}
    assert allowed == SENDS.get(owner, set())


@pytest.mark.parametrize("owner", OWNERS)
async def test_it_receives_from_just_these_hubs(server: EventHubsServer, owner: str) -> None:
    allowed = {hub for hub in HUBS for key in keys_of(owner) if await may_receive(server, hub, key)}
    assert allowed == RECEIVES.get(owner, set())


def test_the_table_names_nobody_who_has_no_key() -> None:
    assert {*SENDS, *RECEIVES} <= {grant.owner for grant in topology.HUB_GRANTS}
