"""A reader reads back by a consumer group of its own, and every body there is."""

from typing import Any

import pytest
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.amqp import AmqpAnnotatedMessage

from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.ports import Unavailable, back_group
from tests.support.eventhubs import HubSpec, StartEventHubs

pytestmark = pytest.mark.local_only
BODIES: list[dict[str, Any]] = [
    {"value_body": "text"},
    {"value_body": b"bytes"},
    {"value_body": {"a": [1, None]}},
    {"value_body": 5},
    {"sequence_body": [[1, "a"], [b"z"]]},
    {"data_body": b""},
    {"data_body": b"\xff\xfe"},
    {"data_body": [b"a", b"b"]},
]


async def test_every_body_comes_with_what_is_wrong_with_it(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs([HubSpec("events", 1, (back_group("lifecycle"),))])
    connection = server.connection_string("events")
    async with EventHubProducerClient.from_connection_string(connection) as producer:
        for body in BODIES:
            await producer.send_batch([AmqpAnnotatedMessage(**body)])
    reader = EventHubReader({"events": connection}, timeout_s=5)
    found = await reader.read("events", 0, 0, 99, back_group("lifecycle"))
    value, sequence = (f"body: bytes are required, found an AMQP {kind} section" for kind in ("value", "sequence"))
    assert [message.flaw for message in found] == [value, value, value, value, sequence, "", "", ""]
    assert [message.body for message in found if not message.flaw] == [b"", b"\xff\xfe", b"ab"]
    assert [message.body for message in found][:2] == [b"text", b"bytes"]
    assert found[3].body == b"5"
    with pytest.raises(Unavailable, match="tell-back"):
        await reader.read("events", 0, 0, 99, back_group("tell"))
