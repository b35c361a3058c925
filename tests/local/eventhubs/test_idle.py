"""Nothing happens while nothing happens: no polling, and idle connections end quietly."""

import asyncio

import psutil
import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient

from infra.local.eventhubs.amqp.frames import AMQP_HEADER
from infra.local.eventhubs.amqp.performatives import CLOSE, OPEN
from infra.local.eventhubs.amqp.values import Described
from tests.local.eventhubs.admin_client import call
from tests.local.eventhubs.reading import reading
from tests.local.eventhubs.wire import wire
from tests.support.eventhubs import StartEventHubs
from tests.support.eventually import aeventually

pytestmark = [pytest.mark.local_only, pytest.mark.asyncio(loop_scope="session")]


async def test_attached_but_idle_clients_cost_next_to_no_cpu(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 8})
    async with EventHubProducerClient.from_connection_string(server.connection_string("events")) as producer:
        await producer.send_event(EventData(b"warm"), partition_id="0")
        async with reading(server.connection_string("events"), starting_position="-1") as seen:
            await seen.until_reading(8)
            await seen.until(1)
            process = psutil.Process(server.pid)
            before = process.cpu_times()
            # A window of real time is what is measured here.
            await asyncio.sleep(2)
            after = process.cpu_times()
    spent_s = after.user + after.system - before.user - before.system
    assert spent_s < 0.05


async def test_silence_is_told_before_the_connection_goes(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1}, arguments=["--idle-timeout-s", "1"])
    async with wire(server.port) as client:
        client.send_bytes(AMQP_HEADER)
        client.send(OPEN, "wire")
        assert (await client.expect(OPEN))[4] == 500  # half of what is granted
        error = (await client.expect(CLOSE))[0]
        with pytest.raises((EOFError, ConnectionError)):
            await client.receive_to_the_end()
    assert isinstance(error, Described)
    assert isinstance(error.value, list)
    assert error.value[0] == "amqp:connection:forced"
    assert "inactive for more than the allowed 1000 milliseconds" in str(error.value[1])


async def test_an_idle_producer_is_hung_up_on_and_does_not_notice(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1}, arguments=["--idle-timeout-s", "1"])
    async with EventHubProducerClient.from_connection_string(server.connection_string("events")) as producer:
        await producer.send_event(EventData(b"first"))

        async def hung_up() -> bool:
            health = await asyncio.to_thread(call, f"{server.admin_url}/health")
            return bool(health[1]["connections"] == 0)

        await aeventually(hung_up)
        await producer.send_event(EventData(b"second"))
    _, hubs = call(f"{server.admin_url}/admin/hubs")
    assert hubs["events"][0]["count"] == 2
