"""Every survey of hubs tells what is there from what is not, and leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient

from shared.adapters.azure.event_hubs.opening import open_client
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.event_hubs.survey import EventHubSurvey
from shared.adapters.memory.hub_survey import MemoryHubSurvey
from shared.ports import Absent, Hub, HubShape, HubSurvey, Refused, Unavailable
from tests.contract import live
from tests.support.eventhubs import AccessKey, EventHubsServer, HubSpec, StartEventHubs

untested = pytest.mark.azure_untested
_KEYS = [
    AccessKey("all", "a2V5LWFsbA==", rights=("Send", "Listen", "Manage")),
    AccessKey("listen", "a2V5LWxpc3Rlbg==", rights=("Listen",)),
    AccessKey("send", "a2V5LXNlbmQ=", rights=("Send",)),
]


@dataclass
class Hubs:
    """Hub `events` has two partitions; hub `labels` is not there. `connection` is empty in memory."""

    survey: HubSurvey
    connection: str = ""


@pytest.fixture(params=["memory", "local", *(["azure"] if live.EVENT_HUBS else [])])
async def hubs(request: pytest.FixtureRequest) -> AsyncIterator[Hubs]:
    if request.param == "memory":
        memory = MemoryHubSurvey()
        memory.shapes["events"] = HubShape(2, datetime.now(UTC).isoformat())
        memory.groups, memory.time = {"events": ("$Default",)}, datetime.now(UTC)
        yield Hubs(memory)
        return
    connection, other = live.hub("two"), live.hub("not-there")
    if request.param == "local":
        server: EventHubsServer = request.getfixturevalue("eventhubs")
        connection, other = server.connection_string("two"), server.connection_string("not-there")
    async with open_client(EventHubProducerClient, connection) as producer:
        await producer.send_event(EventData(b"a message to see the time by"))
    yield Hubs(EventHubSurvey({"events": connection, "labels": other}), connection)


@untested
async def test_a_hub_has_partitions_and_an_epoch(hubs: Hubs) -> None:
    shape = await hubs.survey.shape("events")
    assert shape.partitions == 2
    assert datetime.fromisoformat(shape.epoch) <= datetime.now(UTC) + timedelta(minutes=5)
    if hubs.connection:
        assert shape.epoch == await EventHubReader({"events": hubs.connection}).epoch("events")


@untested
async def test_a_hub_that_is_not_there_is_absent_or_the_sign_in_says_that_it_may_be(hubs: Hubs) -> None:
    asked: tuple[Any, ...] = (
        hubs.survey.shape("labels"), hubs.survey.has_group("labels", "$Default"), hubs.survey.may_send("labels"),
        hubs.survey.now("labels"),
    )  # fmt: skip
    for question in asked:
        with pytest.raises((Absent, Unavailable), match=r"hub labels: (it is not there|.*there is no such hub)"):
            await question


@untested
async def test_a_group_is_told_from_one_that_is_not_there(hubs: Hubs) -> None:
    found = await asyncio.gather(*(hubs.survey.has_group("events", group) for group in ("$Default", "nobody")))
    assert found == [True, False]


@untested
async def test_the_hub_says_its_time_and_takes_what_it_may_be_sent(hubs: Hubs) -> None:
    now = await hubs.survey.now("events")
    assert now is not None
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)
    await hubs.survey.may_send("events")


@pytest.mark.local_only
async def test_a_group_in_which_a_host_reads_is_there_and_the_host_reads_on(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs([HubSpec("events", 1, ("lifecycle",))])
    connection = server.connection_string("events")
    got: asyncio.Queue[str] = asyncio.Queue()

    async def take(_: object, event: EventData | None) -> None:
        await got.put(event.body_as_str() if event else "nothing")

    async with (
        EventHubConsumerClient.from_connection_string(connection, "lifecycle") as host,
        EventHubProducerClient.from_connection_string(connection) as producer,
    ):
        reading = asyncio.create_task(host.receive(take, partition_id="0", owner_level=0, starting_position="-1"))
        await producer.send_event(EventData(b"before"))
        assert await got.get() == "before"
        assert await EventHubSurvey({"events": connection}).has_group("events", "lifecycle")
        await producer.send_event(EventData(b"after"))
        assert await got.get() == "after"
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


@pytest.mark.local_only
async def test_a_right_that_is_missing_is_found_without_reading_or_sending(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1}, keys=_KEYS)
    listens = EventHubSurvey({"events": server.connection_string("events", "listen")})
    sends = EventHubSurvey({"events": server.connection_string("events", "send")})
    await sends.may_send("events")
    assert await listens.has_group("events", "$Default")
    with pytest.raises(Unavailable, match="unauthorized-access"):
        await listens.may_send("events")
    with pytest.raises(Unavailable, match="unauthorized-access"):
        await sends.has_group("events", "$Default")
    everything = EventHubSurvey({"events": server.connection_string("events", "all")})
    assert await everything.now("events") is None


@pytest.mark.local_only
async def test_an_address_without_sense_and_none_at_all_are_refused_by_the_hubs_name() -> None:
    survey = EventHubSurvey({"events": "@Microsoft.KeyVault(SecretUri=https://v)", "labels": "ns.example"})
    named: tuple[Hub, ...] = ("labels", "inbound")
    for hub in named:
        with pytest.raises(Refused, match=hub):
            await survey.shape(hub)


@pytest.mark.local_only
async def test_a_namespace_that_does_not_answer_is_unavailable() -> None:
    nobody = "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=a;SharedAccessKey=a;EntityPath=events;"
    with pytest.raises(Unavailable):
        await EventHubSurvey({"events": f"{nobody}UseDevelopmentEmulator=true"}).may_send("events")
