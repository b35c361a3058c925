"""Every sender and reader against every hub, as its identity or with each of its keys: exactly the design's table."""

import asyncio
import base64
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from azure.core.credentials import AccessToken
from azure.eventhub import EventData, EventHubConsumerClient
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import EventHubError

from infra.local import topology
from infra.local.azure_ml.identity import encode
from infra.local.state import stable_id
from infra.local.system import hub_identities
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
        for grant in topology.KEYED
    ]
    root = AccessKey("root", base64.b64encode(os.urandom(32)).decode(), "*", ("Send", "Listen", "Manage"))
    specs = [HubSpec(hub.name, 1, hub.consumer_groups) for hub in topology.HUBS]
    folder = tmp_path_factory.mktemp("rights")
    (folder / "identities.json").write_text(json.dumps(hub_identities()))
    known = ["--identities", str(folder / "identities.json")]
    with EventHubsServer(folder, specs, keys=[*keys, root], arguments=known) as running:
        yield running


def ways_in(owner: str) -> list[str]:
    """An app comes as itself, everybody else with a key for each hub."""
    keys = [f"{grant.owner}-{grant.hub}" for grant in topology.KEYED if grant.owner == owner]
    return [owner] if owner in topology.APPS else keys


def _token(app: str) -> AccessToken:
    expires_on = int(time.time()) + 3600
    claims = {"aud": "https://eventhubs.azure.net", "tid": topology.TENANT, "oid": stable_id(f"identity/{app}")}
    return AccessToken(encode({**claims, "exp": expires_on}), expires_on)


class Identity:
    """As the clients ask for a token, the asynchronous one if `waits`."""

    def __init__(self, app: str, *, waits: bool) -> None:
        self._app, self._waits = app, waits

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        return asyncio.sleep(0, _token(self._app)) if self._waits else _token(self._app)


def opened(client: Any, server: EventHubsServer, hub: str, way: str, *, waits: bool, **options: Any) -> Any:
    """A client of this class, as an app or with a key."""
    if way not in topology.APPS:
        return client.from_connection_string(server.connection_string(hub, way), retry_total=0, **options)
    namespace, identity = f"127.0.0.1:{server.port}", Identity(way, waits=waits)
    return client(namespace, hub, credential=identity, use_tls=False, retry_total=0, **options)


def _not_refused(error: EventHubError) -> bool:
    """False for a refusal; anything else that went wrong is raised again. The SDK has no one class for refusals."""
    if any(word in str(error) for word in _REFUSED):
        return False
    raise error


async def may_send(server: EventHubsServer, hub: str, way: str) -> bool:
    async with opened(EventHubProducerClient, server, hub, way, waits=True) as client:
        try:
            await client.send_event(EventData(b"tried"))
        except EventHubError as error:
            return _not_refused(error)
    return True


async def may_receive(server: EventHubsServer, hub: str, way: str) -> bool:
    """Something is there to be read: whoever has the right gets it, anybody else an error.

    By the synchronous client: the asynchronous one does not tell of a link that was refused.
    """
    # The SDK sleeps for this interval before it closes.
    options: dict[str, Any] = {"consumer_group": "$Default", "load_balancing_interval": 0.2}
    client = opened(EventHubConsumerClient, server, hub, way, waits=False, **options)
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
    """The hubs on which the owner has the right, by whichever way in; all are tried at once."""
    tried = [(hub, way) for hub in HUBS for way in ways_in(owner)]
    answers = await asyncio.gather(*(may(server, hub, way) for hub, way in tried))
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


async def test_the_table_names_nobody_who_has_no_right() -> None:
    assert {*SENDS, *RECEIVES} <= {grant.owner for grant in topology.HUB_GRANTS}
