"""Every publisher keeps the order of each entity, and every reader gives back the stretch that was asked for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from azure.eventhub.aio import EventHubConsumerClient

from shared.adapters.azure.event_hubs.opening import open_client
from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.event_hubs.sender import HubSender
from shared.adapters.memory import MemoryEventPublisher, MemoryHubReader
from shared.events import decode, to_cloud_event
from shared.ports import EventPublisher, HubReader, Message, Refused
from shared.ports.streams.hub_reader import READ_BYTES
from tests.contract import live
from tests.contract.examples import envelope, long
from tests.support.eventhubs import EventHubsServer

pytestmark = pytest.mark.azure_untested
PARTITIONS = range(2)


@dataclass
class Hubs:
    """Hub `events` with two partitions; `first` is the number its next message gets, by partition."""

    publisher: EventPublisher
    reader: HubReader
    first: dict[int, int]

    async def arrived(self, partition: int) -> list[Message]:
        return list(await self.reader.read("events", partition, self.first[partition], 2**40))

    async def all_arrived(self) -> list[Message]:
        parts = await asyncio.gather(*(self.arrived(partition) for partition in PARTITIONS))
        return [message for part in parts for message in part]


async def _next_numbers(connection: str) -> dict[int, int]:
    async with open_client(EventHubConsumerClient, connection, consumer_group="$Default") as client:
        known = [await client.get_partition_properties(str(partition)) for partition in PARTITIONS]
    return {index: properties["last_enqueued_sequence_number"] + 1 for index, properties in enumerate(known)}


PUBLISHERS: dict[str, type[EventHubPublisher | HubSender]] = {"itself": EventHubPublisher, "by a process": HubSender}
BEHIND = ["local", *(["azure"] if live.EVENT_HUBS else [])]


@pytest.fixture(params=["memory", *(f"{behind} {how}" for behind in BEHIND for how in PUBLISHERS)])
async def hubs(request: pytest.FixtureRequest) -> AsyncIterator[Hubs]:
    if request.param == "memory":
        memory = MemoryEventPublisher(partitions=2)
        yield Hubs(memory, MemoryHubReader(memory), dict.fromkeys(PARTITIONS, 0))
        return
    behind, _, how = request.param.partition(" ")
    connection = live.hub("two")
    if behind == "local":
        server: EventHubsServer = request.getfixturevalue("eventhubs")
        connection = server.connection_string("two")
    publisher = PUBLISHERS[how]({"events": connection})
    yield Hubs(publisher, EventHubReader({"events": connection}), await _next_numbers(connection))
    await publisher.close()


async def test_an_event_arrives_as_it_was_sent(hubs: Hubs) -> None:
    sent = envelope("event-ü", tags="größe")
    await hubs.publisher.publish("events", [sent])
    arrived = await hubs.all_arrived()
    assert [decode(message.body) for message in arrived] == [sent]
    assert arrived[0].hub == "events"
    assert to_cloud_event(sent)["partitionkey"] == sent.data.entity.partition_key


async def test_events_of_one_entity_stay_in_order_in_one_partition(hubs: Hubs) -> None:
    models = [f"model-{number}" for number in range(6)]
    sent = [envelope(f"{round}-{model}", model) for round in range(20) for model in models]
    await hubs.publisher.publish("events", sent[:60])
    await hubs.publisher.publish("events", sent[60:])
    arrived = [(message.partition, decode(message.body)) for message in await hubs.all_arrived()]
    assert len(arrived) == len(sent)
    for model in models:
        of_model = [(partition, each.id) for partition, each in arrived if each.data.model.name == model]
        assert [id for _, id in of_model] == [f"{round}-{model}" for round in range(20)]
        assert len({partition for partition, _ in of_model}) == 1


async def test_more_than_one_message_can_hold_is_split(hubs: Hubs) -> None:
    sent = [envelope(f"event-{number}", **long(300_000)) for number in range(8)]
    await hubs.publisher.publish("events", sent)
    assert [decode(message.body).id for message in await hubs.all_arrived()] == [each.id for each in sent]


async def test_an_event_that_is_too_large_is_refused_and_nothing_is_sent(hubs: Hubs) -> None:
    with pytest.raises(Refused):
        await hubs.publisher.publish("events", [envelope("small"), envelope("large", **long(1_100_000))])
    assert await hubs.all_arrived() == []


async def test_concurrent_callers_lose_nothing(hubs: Hubs) -> None:
    await asyncio.gather(*(hubs.publisher.publish("events", [envelope(f"event-{n}")]) for n in range(16)))
    arrived = {decode(message.body).id for message in await hubs.all_arrived()}
    assert arrived == {f"event-{n}" for n in range(16)}


async def test_a_stretch_is_read_back_with_both_its_ends(hubs: Hubs) -> None:
    await hubs.publisher.publish("events", [envelope(f"event-{number}") for number in range(10)])
    partition = (await hubs.all_arrived())[0].partition
    first = hubs.first[partition]
    stretch = await hubs.reader.read("events", partition, first + 3, first + 6)
    assert [decode(message.body).id for message in stretch] == [f"event-{number}" for number in (3, 4, 5, 6)]
    assert [message.sequence for message in stretch] == [first + 3, first + 4, first + 5, first + 6]


async def test_reading_beyond_the_end_gives_what_is_there(hubs: Hubs) -> None:
    await hubs.publisher.publish("events", [envelope("event-1")])
    partition = (await hubs.all_arrived())[0].partition
    end = hubs.first[partition]
    assert len(await hubs.reader.read("events", partition, end, end + 500)) == 1
    assert await hubs.reader.read("events", partition, end + 1, end + 500) == []


async def test_what_is_read_at_once_is_bounded_in_bytes_and_begins_with_the_first(hubs: Hubs) -> None:
    sent = [envelope(f"event-{number}", **long(700_000)) for number in range(14)]
    await hubs.publisher.publish("events", sent)
    first = {partition: await hubs.arrived(partition) for partition in PARTITIONS}
    (partition,) = [partition for partition, found in first.items() if found]
    begins, count = hubs.first[partition], len(first[partition])
    assert [message.sequence for message in first[partition]] == list(range(begins, begins + count))
    assert 10 < count < 14
    assert sum(len(message.body) for message in first[partition]) <= READ_BYTES
    assert len(await hubs.reader.read("events", partition, begins + count, begins + 20)) == 14 - count


async def test_an_extent_is_what_each_partition_holds_and_the_hubs_epoch(hubs: Hubs) -> None:
    await hubs.publisher.publish("events", [envelope("event-1")])
    extent = await hubs.reader.extent("events")
    assert extent.epoch == await hubs.reader.epoch("events")
    assert extent.held == {partition: await hubs.reader.held("events", partition) for partition in PARTITIONS}
    assert (await hubs.reader.extent("events")).ends == extent.ends
    await hubs.publisher.publish("events", [envelope("event-2")])
    assert (await hubs.reader.extent("events")).ends != extent.ends


async def test_a_hub_says_when_it_was_created_and_goes_on_saying_so(hubs: Hubs) -> None:
    before = datetime.fromisoformat(await hubs.reader.epoch("events"))
    await hubs.publisher.publish("events", [envelope("event-1")])
    assert datetime.fromisoformat(await hubs.reader.epoch("events")) == before
    assert before.tzinfo is not None


async def test_a_hub_that_is_made_again_has_another_epoch(tmp_path: Path) -> None:
    epochs = []
    for place in ("one", "two"):
        with EventHubsServer(tmp_path / place, {"events": 1}) as server:
            epochs.append(await EventHubReader({"events": server.connection_string("events")}).epoch("events"))
            server.restart()
            epochs.append(await EventHubReader({"events": server.connection_string("events")}).epoch("events"))
    assert epochs[0] == epochs[1] != epochs[2] == epochs[3]
