"""Kills: nothing that was acknowledged is lost, and clients go on by themselves."""

import asyncio
import contextlib
from pathlib import Path
from uuid import uuid4

import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import EventHubError
from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore
from azure.storage.blob.aio import ContainerClient

from tests.local.eventhubs.admin_client import call
from tests.local.eventhubs.reading import reading, send_texts
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer, StartEventHubs

pytestmark = [pytest.mark.local_only, pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


async def send_until_acknowledged(producer: EventHubProducerClient, number: int) -> None:
    """As a careful sender: again and again until the server said yes."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(EventHubError):
                await producer.send_event(EventData(str(number)), partition_id=str(number % 2))
                return


async def test_nothing_acknowledged_is_lost_by_sigkill(start_eventhubs: StartEventHubs, azurite: Azurite) -> None:
    servers = [start_eventhubs({"events": 2}, arguments=["--fsync", policy]) for policy in ("none", "batch")]
    await asyncio.gather(*(kill_while_sending(server, azurite) for server in servers))


async def kill_while_sending(server: EventHubsServer, azurite: Azurite) -> None:
    """Send sixty events, kill after thirty, and see that a consumer with checkpoints gets them all."""
    container = f"restart-{uuid4().hex}"
    async with ContainerClient.from_connection_string(azurite.connection_string, container) as client:
        await client.create_container()
    store = BlobCheckpointStore.from_connection_string(azurite.connection_string, container)
    producer = EventHubProducerClient.from_connection_string(
        server.connection_string("events"), retry_total=5, retry_backoff_factor=0.1
    )
    options = {"load_balancing_interval": 0.5, "partition_ownership_expiration_interval": 5}
    async with (
        store,
        producer,
        reading(
            server.connection_string("events"), store=store, client_options=options, starting_position="-1"
        ) as seen,
    ):
        for number in range(60):
            await send_until_acknowledged(producer, number)
            if number == 30:
                await seen.until_reading(2)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
        seen.errors.clear()  # a lost connection is expected here
        await seen.until(60)
        # A kill may double what was stored but not yet acknowledged; never may it lose.
        assert {*seen.bodies} == {str(number) for number in range(60)}


async def test_a_torn_tail_is_cut_off_and_reported(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    async with EventHubProducerClient.from_connection_string(server.connection_string("events")) as producer:
        await send_texts(producer, ["whole"])
    server.kill()
    log = _only_log(server)
    with log.open("ab") as file:
        file.write(log.read_bytes()[64:100])
    server.start()
    _, hubs = call(f"{server.admin_url}/admin/hubs")
    assert (hubs["events"][0]["torn_bytes"], hubs["events"][0]["last_sequence"]) == (36, 0)
    async with EventHubProducerClient.from_connection_string(server.connection_string("events")) as producer:
        await send_texts(producer, ["after"])
    async with reading(server.connection_string("events"), partition_id="0", starting_position="-1") as seen:
        assert await seen.until(2) == ["whole", "after"]


def _only_log(server: EventHubsServer) -> Path:
    (path,) = (server.data / "hubs" / "events" / "0").glob("*.log")
    return path


async def test_time_of_creation_and_sequence_survive_a_clean_stop(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    connection = server.connection_string("events")
    async with EventHubProducerClient.from_connection_string(connection) as producer:
        await send_texts(producer, ["a", "b"])
        before = await producer.get_eventhub_properties(), await producer.get_partition_properties("0")
    assert server.stop() == 0
    server.start()
    async with EventHubProducerClient.from_connection_string(connection) as producer:
        after = await producer.get_eventhub_properties(), await producer.get_partition_properties("0")
    assert after == before
