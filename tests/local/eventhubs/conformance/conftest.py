"""The server under test: the local one, or the one that `SLUICE_TEST_EVENTHUBS` names."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
import pytest_asyncio
from azure.eventhub.aio import EventHubProducerClient

from tests.contract import live
from tests.local.eventhubs.reading import Arrivals, Reading, all_closed, last_sequence, reading, send_texts
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually

type Connection = Callable[[str], str]


@pytest.fixture(scope="session")
def connection(request: pytest.FixtureRequest) -> Connection:
    """Connection string of a hub."""
    if live.EVENT_HUBS:
        return live.hub
    server: EventHubsServer = request.getfixturevalue("eventhubs")
    return server.connection_string


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def producer(connection: Connection) -> AsyncIterator[EventHubProducerClient]:
    """A producer of hub `two`."""
    async with EventHubProducerClient.from_connection_string(connection("two")) as client:
        yield client
        await all_closed()


# Of one module: its loop stands still while other tests run, and the server closes what says nothing for minutes.
@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def observer(connection: Connection, producer: EventHubProducerClient) -> AsyncIterator[Reading]:
    """A consumer of hub `two` that reads all the time, since it takes the SDK a second to start one."""
    ends = {str(partition): await last_sequence(producer, str(partition)) for partition in range(2)}
    async with reading(connection("two"), starting_position=ends) as seen:
        yield seen


@pytest_asyncio.fixture(loop_scope="session")
async def arrivals(observer: Reading, producer: EventHubProducerClient) -> Arrivals:
    """What arrives on hub `two` from now on; a marker per partition shows that what came before is through."""
    markers = {f"marker {uuid4()}" for _ in range(2)}
    for partition, marker in enumerate(sorted(markers)):
        await send_texts(producer, [marker], partition_id=str(partition))

    async def through() -> bool:
        return markers <= set(observer.bodies)

    await aeventually(through)
    return Arrivals(observer)
