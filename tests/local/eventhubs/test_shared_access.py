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

from infra.local.eventhubs.amqp.performatives import FLOW
from tests.local.eventhubs.reading import reading, refusal, send_texts
from tests.local.eventhubs.wire import wire
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
    error = await refusal(server.connection_string("events", "sender"))
    assert isinstance(error, EventHubError)
    assert "unauthorized-access" in str(error)


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
    # The SDK drops the service's words when a reply names its error condition, as Azure's do.
    assert {type(error) for error in (foreign, listening, forged, misdirected)} == {AuthenticationError}


@pytest.mark.parametrize(
    ("signer", "key", "hub", "audience", "why"),
    [
        ("sender", "wrong-key", "events", "events", "InvalidSignature"),
        ("sender", "key-of-sender", "other", "other", "InvalidSignature"),
        ("sender", "key-of-sender", "other", "events", "InvalidAudience"),
    ],
)
async def test_a_refused_token_is_told_why(
    server: EventHubsServer, signer: str, key: str, hub: str, audience: str, why: str
) -> None:
    host = f"sb://127.0.0.1:{server.port}"
    signed = generate_sas_token(f"{host}/{hub}", signer, key, int(time.time()) + 60)  # type: ignore[no-untyped-call]
    asked = {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": f"{host}/{audience}"}
    async with wire(server.port) as client:
        await client.open()
        told = await client.request("$cbs", asked, signed)
    assert (told["status-code"], told["error-condition"]) == (401, "amqp:unauthorized-access")
    assert why in str(told["status-description"])


async def test_a_good_token_of_one_s_own_is_accepted(server: EventHubsServer) -> None:
    async with with_token(server, token(server, "key-of-sender", 60)) as client:
        await client.send_event(EventData(b"accepted"))


async def answer(server: EventHubsServer, node: str, kind: str, key: str, **properties: str) -> dict[object, object]:
    """Application properties of the reply to a request on a fresh connection; `key` signs for a publisher alone."""
    uri = f"sb://127.0.0.1:{server.port}/events"
    expires_at = int(time.time()) + 60
    scope = f"{uri}/publishers/p" if kind == "narrow" else uri
    signed = generate_sas_token(scope, key, f"key-of-{key}", expires_at)  # type: ignore[no-untyped-call]
    async with wire(server.port) as client:
        await client.open()
        return await client.request(node, {**properties, "security_token": signed}, signed)


@pytest.mark.observed("hub: a question to $management may bring its token along")
async def test_a_token_may_come_with_a_management_request(server: EventHubsServer) -> None:
    asked = {"operation": "READ", "type": "com.microsoft:eventhub", "name": "events"}
    for key, status in (("sender", 200), ("listener", 200)):
        assert (await answer(server, "$management", "wide", key, **asked))["status-code"] == status
    refused = await answer(server, "$management", "narrow", "sender", **asked)
    assert (refused["status-code"], refused["error-condition"]) == (401, "amqp:unauthorized-access")


async def test_a_token_is_put_for_what_is_there_and_for_what_it_names(server: EventHubsServer) -> None:
    def asked(audience: str) -> dict[str, str]:
        name = f"sb://127.0.0.1:{server.port}/{audience}"
        return {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": name}

    assert (await answer(server, "$cbs", "wide", "sender", **asked("events")))["status-code"] == 202
    unknown = await answer(server, "$cbs", "wide", "sender", **asked("none-such"))
    assert (unknown["status-code"], unknown["error-condition"]) == (404, "amqp:not-found")
    assert (await answer(server, "$cbs", "narrow", "sender", **asked("events")))["status-code"] == 401
    assert (await answer(server, "$cbs", "narrow", "sender", **asked("events/publishers/p")))["status-code"] == 202


@pytest.mark.observed("hub: a publisher's signature does not send to the hub")
async def test_a_publisher_s_token_sends_as_that_publisher_only(server: EventHubsServer) -> None:
    uri = f"sb://127.0.0.1:{server.port}/events/publishers/p"
    signed = generate_sas_token(uri, "sender", "key-of-sender", int(time.time()) + 60)  # type: ignore[no-untyped-call]
    asked = {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": uri}
    async with wire(server.port) as client:
        await client.open()
        await client.request("$cbs", asked, signed)
        client.ask_to_send("events/publishers/p")
        assert (await client.expect(FLOW))[6] == 300
        for address in ("events", "events/publishers/q"):
            client.ask_to_send(address)
            assert (await client.refusal())[1] == "amqp:unauthorized-access"


@pytest.mark.observed(
    "hub: a publisher's signature does not read", "hub: a group's signature does not read another group"
)
@pytest.mark.parametrize("scope", ["publishers/p", "ConsumerGroups/another"])
async def test_a_signature_for_a_part_of_the_hub_reads_no_other_part(server: EventHubsServer, scope: str) -> None:
    """With a key that may do anything, so that only what was signed for can be the reason."""
    uri = f"sb://127.0.0.1:{server.port}/events/{scope}"
    signed = generate_sas_token(uri, "manager", "key-of-manager", int(time.time()) + 60)  # type: ignore[no-untyped-call]
    asked = {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": uri}
    async with wire(server.port) as client:
        await client.open()
        assert (await client.request("$cbs", asked, signed))["status-code"] == 202
        client.ask_to_receive("events/ConsumerGroups/$Default/Partitions/0", None)
        assert (await client.refusal())[1] == "amqp:unauthorized-access"


async def test_secrets_do_not_reach_the_log(server: EventHubsServer) -> None:
    text = server.log.read_text()
    assert not any(key.key in text for key in KEYS)
    assert "sig=" not in text
