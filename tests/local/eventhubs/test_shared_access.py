"""Shared access keys: rights per hub, forged and expired tokens."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from azure.core.credentials import AzureSasCredential
from azure.eventhub import EventData
from azure.eventhub._pyamqp.utils import generate_sas_token
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import AuthenticationError, ConnectError, EventHubError

from tests.local.eventhubs.reading import reading, send_texts
from tests.support.eventhubs import AccessKey, EventHubsServer

pytestmark = [pytest.mark.local_only, pytest.mark.asyncio(loop_scope="session")]
KEYS = [
    AccessKey("sender", "key-of-sender", "events", ("Send",)),
    AccessKey("listener", "key-of-listener", "events", ("Listen",)),
    AccessKey("manager", "key-of-manager", "*", ("Manage",)),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    with EventHubsServer(tmp_path_factory.mktemp("keys"), {"events": 1, "other": 1}, keys=KEYS) as running:
        yield running


def producer(server: EventHubsServer, hub: str, key: str) -> EventHubProducerClient:
    return EventHubProducerClient.from_connection_string(server.connection_string(hub, key), retry_total=0)


async def test_a_sender_sends_and_a_listener_receives(server: EventHubsServer) -> None:
    async with producer(server, "events", "sender") as client:
        await send_texts(client, ["allowed"])
    listener = server.connection_string("events", "listener")
    async with reading(listener, partition_id="0", starting_position="-1") as seen:
        await seen.until(1)
        assert seen.bodies[0] == "allowed"


async def test_a_sender_may_not_listen(server: EventHubsServer) -> None:
    connection = server.connection_string("events", "sender")
    async with reading(connection, partition_id="0", starting_position="-1") as seen:
        error = await seen.until_error()
    assert isinstance(error, EventHubError)
    assert "unauthorized-access" in str(error)
    assert seen.bodies == []


async def test_a_listener_may_not_send_but_may_ask(server: EventHubsServer) -> None:
    async with producer(server, "events", "listener") as client:
        assert await client.get_partition_ids() == ["0"]
        with pytest.raises(EventHubError, match="'Send' claim"):
            await client.send_event(EventData(b"refused"))


async def refused(client: EventHubProducerClient) -> Exception:
    """What the SDK raises for a send."""
    async with client:
        with pytest.raises((AuthenticationError, ConnectError)) as caught:
            await client.send_event(EventData(b"refused"))
    return caught.value


async def test_manage_on_the_namespace_allows_everything(server: EventHubsServer) -> None:
    connection = server.connection_string("other", "manager")
    async with producer(server, "other", "manager") as client:
        await send_texts(client, ["by the manager"])
    async with reading(connection, partition_id="0", starting_position="-1") as seen:
        assert await seen.until(1) == ["by the manager"]


def token(server: EventHubsServer, key: str, expires_in_s: int, hub: str = "events") -> AzureSasCredential:
    uri = f"sb://127.0.0.1:{server.port}/{hub}"
    expires_at = int(time.time()) + expires_in_s
    return AzureSasCredential(generate_sas_token(uri, "sender", key, expires_at))  # type: ignore[no-untyped-call]


def with_token(server: EventHubsServer, credential: AzureSasCredential) -> EventHubProducerClient:
    return EventHubProducerClient(
        f"127.0.0.1:{server.port}", "events", credential=credential, use_tls=False, retry_total=0
    )


async def test_a_forged_or_misdirected_token_or_a_key_of_another_hub_is_refused(server: EventHubsServer) -> None:
    foreign, listening, forged, misdirected = await asyncio.gather(
        refused(producer(server, "other", "sender")),
        refused(producer(server, "other", "listener")),
        refused(with_token(server, token(server, "wrong-key", 60))),
        refused(with_token(server, token(server, "key-of-sender", 60, "other"))),
    )
    assert all("InvalidSignature" in str(error) for error in (foreign, listening, forged))
    assert "InvalidAudience" in str(misdirected)


async def test_a_good_token_of_one_s_own_is_accepted(server: EventHubsServer) -> None:
    async with with_token(server, token(server, "key-of-sender", 60)) as client:
        await client.send_event(EventData(b"accepted"))


async def test_secrets_do_not_reach_the_log(server: EventHubsServer) -> None:
    text = server.log.read_text()
    assert not any(key.key in text for key in KEYS)
    assert "sig=" not in text
