"""Receiving with the real consumers: every start position, group and option."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from azure.eventhub import EventHubConsumerClient
from azure.eventhub.aio import EventHubProducerClient

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.reading import Arrivals, last_sequence, reading, send_texts

pytestmark = [pytest.mark.azure_untested, pytest.mark.asyncio(loop_scope="session")]
TEXTS = [f"event {i}" for i in range(10)]


@pytest_asyncio.fixture(loop_scope="session")
async def events(producer: EventHubProducerClient, arrivals: Arrivals) -> list[Any]:
    """Ten events on partition 0 of hub two, as a consumer sees them."""
    await send_texts(producer, TEXTS, partition_id="0")
    await arrivals.until(10)
    return arrivals.events()


async def test_reading_starts_at_a_sequence_number_or_an_offset(connection: Connection, events: list[Any]) -> None:
    third = events[3]

    async def texts_from(position: object, inclusive: bool) -> list[str]:
        how: dict[str, Any] = {"starting_position": position, "starting_position_inclusive": inclusive}
        async with reading(connection("two"), partition_id="0", **how) as seen:
            return await seen.until(7 if inclusive else 6)

    including = await asyncio.gather(texts_from(third.sequence_number, True), texts_from(third.offset, True))
    excluding = await asyncio.gather(texts_from(third.sequence_number, False), texts_from(third.offset, False))
    assert list(including) == [TEXTS[3:]] * 2
    assert list(excluding) == [TEXTS[4:]] * 2


async def test_reading_starts_at_a_time(connection: Connection, events: list[Any]) -> None:
    just_before = events[0].enqueued_time - timedelta(milliseconds=1)
    async with reading(connection("two"), partition_id="0", starting_position=just_before) as seen:
        assert (await seen.until(10))[-10:] == TEXTS


async def test_reading_from_a_time_to_come_starts_at_the_end(
    connection: Connection, producer: EventHubProducerClient
) -> None:
    await send_texts(producer, ["old"], partition_id="0")
    later = datetime.now(UTC) + timedelta(hours=1)
    async with reading(connection("two"), partition_id="0", starting_position=later) as seen:
        await seen.until_reading(1)
        assert seen.bodies == []


async def test_reading_starts_at_the_beginning(connection: Connection, producer: EventHubProducerClient) -> None:
    first = (await producer.get_partition_properties("0"))["beginning_sequence_number"]
    await send_texts(producer, ["any"], partition_id="0")
    async with reading(connection("two"), partition_id="0", starting_position="-1") as seen:
        await seen.until(1)
        assert seen.events()[0].sequence_number == max(first, 0)


async def test_latest_delivers_only_what_comes_after(connection: Connection, producer: EventHubProducerClient) -> None:
    await send_texts(producer, ["before"], partition_id="0")
    before = await last_sequence(producer, "0")
    async with reading(connection("two"), partition_id="0", starting_position="@latest") as seen:
        await seen.until_reading(1)
        number = 0
        while not seen.received:
            # The SDK does not say when its link is attached, so send until something arrives.
            number += 1
            await send_texts(producer, [f"after {number}"], partition_id="0")
        assert all(event.sequence_number > before for event in seen.events())
        assert "before" not in seen.bodies


async def test_offsets_are_opaque_texts_that_parse_as_numbers(
    events: list[Any],
) -> None:
    assert all(isinstance(event.offset, str) for event in events)
    assert sorted({int(event.offset) for event in events}) == [int(event.offset) for event in events]


async def test_enqueued_times_do_not_go_back(events: list[Any]) -> None:
    times = [event.enqueued_time for event in events]
    assert times == sorted(times)


async def test_groups_read_independently(connection: Connection, producer: EventHubProducerClient) -> None:
    start = await last_sequence(producer, "1")
    await send_texts(producer, TEXTS, partition_id="1")
    where: dict[str, Any] = {"partition_id": "1", "starting_position": start}
    async with (
        reading(connection("two"), "$Default", **where) as one,
        reading(connection("two"), "extra", **where) as two,
    ):
        assert await one.until(10) == await two.until(10) == TEXTS


async def test_runtime_metrics_tell_the_last_enqueued_event(
    connection: Connection, producer: EventHubProducerClient
) -> None:
    start = await last_sequence(producer, "0")
    await send_texts(producer, TEXTS, partition_id="0")
    told: list[Any] = []
    async with reading(
        connection("two"), partition_id="0", starting_position=start, track_last_enqueued_event_properties=True
    ) as seen:
        await seen.until(10)
        told = [event.raw_amqp_message.delivery_annotations for event in seen.events()]
        last = seen.events()[-1]
    assert told[0][b"last_enqueued_sequence_number"] == last.sequence_number
    assert told[0][b"last_enqueued_offset"].decode() == last.offset
    assert told[0][b"last_enqueued_time_utc"] == int(last.enqueued_time.timestamp() * 1000)
    assert told[0][b"runtime_info_retrieval_time_utc"] >= told[0][b"last_enqueued_time_utc"]


async def test_more_events_than_the_prefetch_arrive_in_order(
    connection: Connection, producer: EventHubProducerClient
) -> None:
    start = await last_sequence(producer, "1")
    texts = [str(number) for number in range(200)]
    await send_texts(producer, texts, partition_id="1")
    async with reading(connection("two"), partition_id="1", starting_position=start, prefetch=20) as seen:
        assert await seen.until(200) == texts


async def test_the_synchronous_consumer_receives(connection: Connection, producer: EventHubProducerClient) -> None:
    start = await last_sequence(producer, "0")
    await send_texts(producer, TEXTS, partition_id="0")
    client = EventHubConsumerClient.from_connection_string(connection("two"), "extra")
    got: list[str] = []

    def on_batch(_: Any, events: list[Any]) -> None:
        got.extend(event.body_as_str() for event in events)
        if len(got) >= 10:
            client.close()

    client.receive_batch(on_batch, partition_id="0", starting_position=start, max_wait_time=1)
    assert got == TEXTS
