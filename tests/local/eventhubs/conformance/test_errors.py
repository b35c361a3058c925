"""What the SDK raises when something is wrong."""

import re

import pytest
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import AuthenticationError, ConnectError, ConnectionLostError

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.reading import last_sequence, refusal

pytestmark = [pytest.mark.azure_untested, pytest.mark.asyncio(loop_scope="session")]


async def test_a_hub_that_does_not_exist_is_an_error(connection: Connection) -> None:
    client = EventHubProducerClient.from_connection_string(connection("none-such"), retry_total=0)
    async with client:
        # The token is refused already: its audience is not found.
        with pytest.raises(AuthenticationError):
            await client.get_eventhub_properties()


async def test_a_partition_that_does_not_exist_is_an_error(connection: Connection) -> None:
    client = EventHubProducerClient.from_connection_string(connection("two"), retry_total=0)
    async with client:
        with pytest.raises(ConnectError):
            await client.send_event(EventData(b"lost"), partition_id="17")


@pytest.mark.observed("hub: an unknown group is said in the words that .NET looks for")
async def test_a_group_that_does_not_exist_is_an_error(connection: Connection) -> None:
    error = await refusal(connection("two"), "none-such")
    assert isinstance(error, ConnectError | ConnectionLostError)
    # The .NET client looks for these words.
    assert re.search("The messaging entity .* could not be found", str(error))


async def test_a_position_beyond_the_end_is_an_error(connection: Connection, producer: EventHubProducerClient) -> None:
    await producer.send_event(EventData(b"not empty"), partition_id="0")
    last = await last_sequence(producer, "0")
    error = await refusal(connection("two"), starting_position=last + 1000)
    assert isinstance(error, ConnectError | ConnectionLostError)
    assert f"sequence number '{last + 1000}' is invalid. The last sequence number in the system is '{last}'" in str(
        error
    )


async def test_a_partition_s_properties_need_the_partition(connection: Connection) -> None:
    client = EventHubConsumerClient.from_connection_string(connection("two"), "$Default", retry_total=0)
    async with client:
        with pytest.raises(ConnectError):
            await client.get_partition_properties("17")
