"""Consumers that share a hub through checkpoints and ownership in blobs."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore
from azure.storage.blob.aio import ContainerClient

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.reading import last_sequence, reading, send_texts
from tests.support.azurite import Azurite
from tests.support.eventually import aeventually

pytestmark = [pytest.mark.azure_untested, pytest.mark.asyncio(loop_scope="session")]
BALANCING = {"load_balancing_interval": 0.5, "partition_ownership_expiration_interval": 3}


@contextlib.asynccontextmanager
async def checkpoint_store(azurite: Azurite, container: str) -> AsyncIterator[BlobCheckpointStore]:
    """A store over a container, which is made when it is missing."""
    async with ContainerClient.from_connection_string(azurite.connection_string, container) as client:
        if not await client.exists():
            await client.create_container()
    async with BlobCheckpointStore.from_connection_string(azurite.connection_string, container) as store:
        yield store


async def test_a_new_consumer_goes_on_at_the_checkpoint(
    connection: Connection, producer: EventHubProducerClient, azurite: Azurite
) -> None:
    container = f"checkpoints-{uuid4().hex}"
    start = {str(i): await last_sequence(producer, str(i)) for i in range(2)}
    await send_texts(producer, ["seen by the first"], partition_id="0")
    async with checkpoint_store(azurite, container) as store:
        async with reading(connection("two"), store=store, client_options=BALANCING, starting_position=start) as first:
            await first.until(1)
        await send_texts(producer, ["seen by the second"], partition_id="0")
        async with reading(connection("two"), store=store, client_options=BALANCING, starting_position=start) as second:
            assert await second.until(1) == ["seen by the second"]


async def test_two_consumers_share_the_partitions_and_one_inherits_them(
    connection: Connection, azurite: Azurite
) -> None:
    container = f"checkpoints-{uuid4().hex}"
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(EventHubProducerClient.from_connection_string(connection("four")))
        start = {str(i): await last_sequence(client, str(i)) for i in range(4)}
        one_store = await stack.enter_async_context(checkpoint_store(azurite, container))
        two_store = await stack.enter_async_context(checkpoint_store(azurite, container))
        how: dict[str, Any] = {"client_options": BALANCING, "starting_position": start}
        first = await stack.enter_async_context(reading(connection("four"), "extra", one_store, **how))
        await first.until_reading(4)
        async with reading(connection("four"), "extra", two_store, **how) as second:
            await second.until_reading(2)
            for partition in range(4):
                await send_texts(client, [f"to {partition}"], partition_id=str(partition))

            async def all_seen() -> bool:
                return {*first.bodies, *second.bodies} == {f"to {i}" for i in range(4)} and bool(second.bodies)

            await aeventually(all_seen)
            assert len([reason for _, reason in first.closed if reason == "OWNERSHIP_LOST"]) == 2
        taken_back = {f"again {partition}" for partition in range(4)}
        for partition in range(4):
            await send_texts(client, [f"again {partition}"], partition_id=str(partition))

        async def inherited() -> bool:
            return taken_back <= set(first.bodies)

        await aeventually(inherited)
