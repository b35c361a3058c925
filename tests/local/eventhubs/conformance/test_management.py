"""Properties of hubs and partitions through the real clients."""

from datetime import UTC, datetime

import pytest
from azure.eventhub import EventHubConsumerClient
from azure.eventhub.aio import EventHubProducerClient

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.reading import reading, send_texts

pytestmark = [pytest.mark.azure_untested, pytest.mark.asyncio(loop_scope="session")]


async def test_a_hub_tells_its_partitions(connection: Connection) -> None:
    with EventHubConsumerClient.from_connection_string(connection("four"), "$Default") as consumer:
        properties = consumer.get_eventhub_properties()
    assert properties["eventhub_name"] == "four"
    assert properties["partition_ids"] == ["0", "1", "2", "3"]
    assert properties["created_at"] < datetime.now(UTC)


async def test_a_partition_tells_its_last_event(connection: Connection, producer: EventHubProducerClient) -> None:
    await send_texts(producer, ["last but one", "last"], partition_id="1")
    properties = await producer.get_partition_properties("1")
    number = properties["last_enqueued_sequence_number"]
    async with reading(connection("two"), partition_id="1", starting_position=number - 1) as seen:
        assert await seen.until(1) == ["last"]
        last = seen.events()[0]
    assert properties["id"] == "1"
    assert properties["is_empty"] is False
    assert properties["last_enqueued_offset"] == last.offset
    assert properties["last_enqueued_time_utc"] == last.enqueued_time
    assert 0 <= properties["beginning_sequence_number"] <= number
