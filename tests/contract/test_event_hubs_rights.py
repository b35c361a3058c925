"""What the Event Hubs adapters make of refusals and outages."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubConsumerClient
from azure.eventhub.exceptions import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    EventDataError,
    EventHubError,
)

from shared.adapters.azure.event_hubs.clients import meaning
from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.events import CONTENT_TYPE
from shared.ports import Refused, Unavailable
from tests.contract.examples import envelope
from tests.support.eventhubs import AccessKey, StartEventHubs

pytestmark = pytest.mark.local_only


async def test_a_right_that_is_missing_may_still_arrive(start_eventhubs: StartEventHubs) -> None:
    keys = [
        AccessKey("listen", "a2V5LWxpc3Rlbg==", rights=("Listen",)),
        AccessKey("send", "a2V5LXNlbmQ=", rights=("Send",)),
    ]
    server = start_eventhubs({"events": 1}, keys=keys)
    sender = EventHubPublisher({"events": server.connection_string("events", "send")})
    await sender.publish("events", [envelope()])
    await sender.close()
    publisher = EventHubPublisher({"events": server.connection_string("events", "listen")})
    reader = EventHubReader({"events": server.connection_string("events", "send")}, timeout_s=5)
    with pytest.raises(Unavailable):
        await publisher.publish("events", [envelope()])
    with pytest.raises(Unavailable):
        await reader.read("events", 0, 0, 0)
    await publisher.close()


class _Detail(Exception):
    """What the client's AMQP layer hands to its errors."""

    def __init__(self, condition: bytes) -> None:
        super().__init__(condition)
        self.condition, self.description = condition, b"as the service says it"


def _said(kind: type[EventHubError], condition: bytes) -> EventHubError:
    detail: Any = _Detail(condition)
    return kind(f"as the client says it: {condition.decode()}", detail)


TRANSIENT = [
    _said(AuthenticationError, b"amqp:unauthorized-access"),
    # The token's own node gave up: "status code: None", as the client reports it.
    AuthenticationError("CBS Token authentication failed.\nStatus code: None", None),
    _said(ConnectError, b"amqp:client-error"),
    _said(ConnectionLostError, b"amqp:unauthorized-access"),
    _said(EventHubError, b"com.microsoft:server-busy"),
    OSError("connection reset"),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=lambda error: type(error).__name__)
async def test_an_authentication_that_fails_for_a_moment_is_not_for_ever(error: Exception) -> None:
    assert isinstance(meaning(error, "send"), Unavailable)


async def test_a_busy_namespace_is_left_alone_for_a_while() -> None:
    known = meaning(_said(EventHubError, b"com.microsoft:server-busy"), "send")
    assert isinstance(known, Unavailable)
    assert known.pause == timedelta(seconds=4)


FOR_EVER = [_said(EventHubError, b"amqp:link:message-size-exceeded"), EventDataError("no event")]


@pytest.mark.parametrize("error", FOR_EVER, ids=lambda error: type(error).__name__)
async def test_the_size_is_for_ever(error: Exception) -> None:
    assert isinstance(meaning(error, "send"), Refused)


async def test_a_hub_without_a_connection_is_refused() -> None:
    with pytest.raises(Refused, match="labels"):
        await EventHubPublisher({}).publish("labels", [envelope()])
    with pytest.raises(Refused, match="labels"):
        await EventHubReader({}).read("labels", 0, 0, 1)


@pytest.mark.parametrize("connection", ["Endpoint=sb://h;SharedAccessKeyName=n;SharedAccessKey=k", "namespace-alone"])
async def test_a_connection_that_names_no_hub_is_an_error(connection: str) -> None:
    with pytest.raises(ValueError, match="connection"):
        await EventHubPublisher({"events": connection}).publish("events", [envelope()])


async def test_a_server_that_is_down_is_unavailable_and_may_come_back(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    connection = server.connection_string("events")
    publisher, reader = EventHubPublisher({"events": connection}), EventHubReader({"events": connection}, timeout_s=15)
    await publisher.publish("events", [envelope("before")])
    server.stop()
    with pytest.raises(Unavailable):
        await publisher.publish("events", [envelope("lost")])
    with pytest.raises(Unavailable):
        await reader.read("events", 0, 0, 0)
    server.start()
    await publisher.publish("events", [envelope("after")])
    assert len(await reader.read("events", 0, 0, 9)) == 2
    await publisher.close()


async def test_messages_say_that_they_are_cloud_events(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    publisher = EventHubPublisher({"events": server.connection_string("events")})
    await publisher.publish("events", [envelope()])
    await publisher.close()
    seen: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def note(_context: object, event: EventData | None) -> None:
        if event is not None:
            seen.set_result(str(event.content_type))

    client = EventHubConsumerClient.from_connection_string(server.connection_string("events"), "$Default")
    receiving = asyncio.create_task(client.receive(note, partition_id="0", starting_position="-1", max_wait_time=0.2))
    assert await asyncio.wait_for(seen, 20) == CONTENT_TYPE
    receiving.cancel()
    await client.close()
