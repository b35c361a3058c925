"""Sending with the real producers."""

from typing import Any

import pytest
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.aio import EventHubProducerClient as AsyncProducer
from azure.eventhub.amqp import AmqpAnnotatedMessage, AmqpMessageBodyType

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.reading import Arrivals, send_texts

pytestmark = [pytest.mark.azure_untested, pytest.mark.asyncio(loop_scope="session")]


async def test_a_batch_arrives_whole_and_in_order(arrivals: Arrivals, producer: AsyncProducer) -> None:
    await send_texts(producer, [f"event {i}" for i in range(50)], partition_id="1")
    assert await arrivals.until(50) == [f"event {i}" for i in range(50)]
    sequences = [event.sequence_number for event in arrivals.events()]
    assert sequences == list(range(sequences[0], sequences[0] + 50))


async def test_the_synchronous_producer_sends_too(connection: Connection, arrivals: Arrivals) -> None:
    with EventHubProducerClient.from_connection_string(connection("two")) as synchronous:
        synchronous.send_event(EventData(b"single"), partition_id="0")
    assert await arrivals.until(1) == ["single"]


async def test_a_batch_holds_one_mebibyte_and_no_more(producer: AsyncProducer) -> None:
    batch = await producer.create_batch()
    assert batch.max_size_in_bytes == 1048576
    batch.add(EventData(b"x" * 1_000_000))
    with pytest.raises(ValueError, match="has reached its size limit"):
        batch.add(EventData(b"x" * 100_000))


async def test_an_event_longer_than_a_frame_arrives_whole(arrivals: Arrivals, producer: AsyncProducer) -> None:
    body = bytes(range(256)) * 3600
    await producer.send_event(EventData(body), partition_id="0")
    await arrivals.until(1)
    assert b"".join(arrivals.events()[0].body) == body


async def test_events_of_one_key_share_a_partition_and_carry_the_key(
    arrivals: Arrivals, producer: AsyncProducer
) -> None:
    for number in range(6):
        await send_texts(producer, [f"{number}a", f"{number}b"], partition_key="machine-7")
    await arrivals.until(12)
    assert len({where for where, _ in arrivals.received}) == 1
    assert {event.partition_key for event in arrivals.events()} == {b"machine-7"}


async def test_events_without_a_key_spread_over_partitions(arrivals: Arrivals, producer: AsyncProducer) -> None:
    for number in range(8):
        await send_texts(producer, [f"{number}"])
    assert sorted(await arrivals.until(8)) == [str(i) for i in range(8)]
    assert {where for where, _ in arrivals.received} == {"0", "1"}
    assert {event.partition_key for event in arrivals.events()} == {None}


async def test_properties_and_annotations_survive(arrivals: Arrivals, producer: AsyncProducer) -> None:
    event = EventData(b"body")
    event.properties = {"text": "grüße", "number": 7, "true": True, "nothing": None}
    event.message_id, event.correlation_id, event.content_type = "m-1", "c-1", "application/json"
    event.raw_amqp_message.annotations = {b"x-custom": b"kept"}
    await producer.send_event(event, partition_id="0")
    await arrivals.until(1)
    got = arrivals.events()[0]
    assert got.properties == {b"text": "grüße".encode(), b"number": 7, b"true": True, b"nothing": None}
    assert (got.message_id, got.correlation_id, got.content_type) == ("m-1", "c-1", "application/json")
    assert got.raw_amqp_message.annotations[b"x-custom"] == b"kept"


@pytest.mark.parametrize("batched", [False, True])
async def test_delivery_annotations_come_back_and_cost_nothing_else(
    arrivals: Arrivals, producer: AsyncProducer, batched: bool
) -> None:
    # The SDK writes them behind the body.
    message = AmqpAnnotatedMessage(
        data_body=b"body", application_properties={"a": "b"}, delivery_annotations={"delivery": 1}
    )
    if batched:
        batch = await producer.create_batch(partition_id="0")
        batch.add(message)
        await producer.send_batch(batch)
    else:
        await producer.send_event(message, partition_id="0")
    assert await arrivals.until(1) == ["body"]
    got = arrivals.events()[0]
    assert (got.properties, got.raw_amqp_message.delivery_annotations) == ({b"a": b"b"}, {b"delivery": 1})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"value_body": {b"a": [1, 2.5, None]}}, AmqpMessageBodyType.VALUE),
        ({"sequence_body": [[1, b"two"], [3]]}, AmqpMessageBodyType.SEQUENCE),
        ({"data_body": [b"one", b"two"]}, AmqpMessageBodyType.DATA),
    ],
)
async def test_every_kind_of_amqp_body_survives(
    arrivals: Arrivals, producer: AsyncProducer, body: dict[str, object], kind: AmqpMessageBodyType
) -> None:
    await producer.send_event(AmqpAnnotatedMessage(**body), partition_id="0")
    await arrivals.until_count(1)
    message = arrivals.events()[0].raw_amqp_message
    assert message.body_type == kind
    received = message.body if kind is AmqpMessageBodyType.VALUE else list(message.body)
    assert received == next(iter(body.values()))


async def test_an_empty_event_is_an_event(arrivals: Arrivals, producer: AsyncProducer) -> None:
    await producer.send_event(EventData(b""), partition_id="0")
    assert await arrivals.until(1) == [""]


async def test_the_buffered_producer_delivers_everything_once(connection: Connection, arrivals: Arrivals) -> None:
    confirmed: list[str] = []
    failed: list[object] = []

    async def on_success(events: list[Any], _: str | None) -> None:
        confirmed.extend(event.body_as_str() for event in events)

    async def on_error(events: list[Any], _: str | None, error: Exception) -> None:
        failed.append((events, error))

    buffered = AsyncProducer.from_connection_string(
        connection("two"), buffered_mode=True, on_success=on_success, on_error=on_error, max_wait_time=0.2
    )
    async with buffered:
        for number in range(50):
            await buffered.send_event(EventData(str(number)), partition_key=f"key {number % 5}")
        await buffered.flush()
    got = await arrivals.until(50)
    assert (sorted(got), sorted(confirmed), failed) == (sorted(map(str, range(50))), sorted(map(str, range(50))), [])
