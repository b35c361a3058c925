"""Every sender and reader against every hub, with each of its keys: exactly the design's table (section 2)."""

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from azure.eventhub import EventData, EventHubConsumerClient
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import EventHubError

from infra.local import topology
from tests.integration.rights.table import RECEIVES, SENDS
from tests.support.eventhubs import AccessKey, EventHubsServer, HubSpec

pytestmark = [pytest.mark.local_only, pytest.mark.asyncio(loop_scope="session")]
type May = Callable[[EventHubsServer, str, str], Awaitable[bool]]
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
    """Something is there to be read: whoever has the right gets it, anybody else an error.

    By the synchronous client: the asynchronous one does not tell of a link that was refused.
    """
    connection = server.connection_string(hub, key)
    # The SDK sleeps for this interval before it closes.
    options: dict[str, Any] = {"retry_total": 0, "load_balancing_interval": 0.2}
    client = EventHubConsumerClient.from_connection_string(connection, "$Default", **options)
    errors: list[Exception | None] = []

    def ended(_: object, found: Any) -> None:
        errors.append(found if isinstance(found, Exception) else None)
        client.close()

    where: dict[str, Any] = {"partition_id": "0", "starting_position": "-1"}
    await asyncio.to_thread(client.receive, ended, on_error=ended, **where)
    if errors[0] is None:
        return True
    if not isinstance(errors[0], EventHubError):
        raise errors[0]
    return _not_refused(errors[0])


async def allowed(may: May, server: EventHubsServer, owner: str) -> set[str]:
    """The hubs on which any of the owner's keys has the right; all are tried at once."""
    tried = [(hub, key) for hub in HUBS for key in keys_of(owner)]
    answers = await asyncio.gather(*(may(server, hub, key) for hub, key in tried))
    return {hub for (hub, _), answer in zip(tried, answers, strict=True) if answer}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(server: EventHubsServer) -> EventHubsServer:
    """A message on every hub."""
    for hub in HUBS:
        assert await may_send(server, hub, "root")
    return server


@pytest.mark.parametrize("owner", OWNERS)
async def test_it_sends_to_just_these_hubs(server: EventHubsServer, owner: str) -> None:
    assert await allowed(may_send, server, owner) == SENDS.get(owner, set())


@pytest.mark.parametrize("owner", OWNERS)
async def test_it_receives_from_just_these_hubs(filled: EventHubsServer, owner: str) -> None:
    assert await allowed(may_receive, filled, owner) == RECEIVES.get(owner, set())


async def test_the_table_names_nobody_who_has_no_key() -> None:
    assert {*SENDS, *RECEIVES} <= {grant.owner for grant in topology.HUB_GRANTS}
