"""Owner levels: who may read a partition when several want to."""

import asyncio
import contextlib
from typing import Any

import pytest
import pytest_asyncio
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import ConnectError, ConnectionLostError

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.reading import Reading, last_sequence, reading, refusal, send_texts
from tests.support.eventually import aeventually

pytestmark = [pytest.mark.azure_untested, pytest.mark.asyncio(loop_scope="session")]

type Contests = dict[int | None, tuple[Reading, Reading]]


async def holder_and_challenger(connection: Connection, partition: str, level: int | None) -> tuple[Reading, Reading]:
    """A reader of level 3 on a partition of hub four, and a second reader of `level` once the first one reads."""
    async with EventHubProducerClient.from_connection_string(connection("four")) as producer:
        start = await last_sequence(producer, partition)
        await send_texts(producer, ["one"], partition_id=partition)
        where: dict[str, Any] = {"partition_id": partition, "starting_position": start}
        async with reading(connection("four"), owner_level=3, **where) as holder:
            await holder.until(1)
            async with reading(connection("four"), owner_level=level, **where) as challenger:

                async def decided() -> bool:
                    return bool(holder.errors and challenger.received) or bool(challenger.errors)

                await aeventually(decided)
            if challenger.errors:
                await send_texts(producer, ["two"], partition_id=partition)
                await holder.until(2)
        return holder, challenger


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def contests(connection: Connection) -> Contests:
    """Holder and challenger by the challenger's level; all at once, since each takes the SDK seconds."""
    levels = (3, 4, 2, None)
    pairs = await asyncio.gather(
        *(holder_and_challenger(connection, str(partition), level) for partition, level in enumerate(levels))
    )
    return dict(zip(levels, pairs, strict=True))


@pytest.mark.parametrize("level", [3, 4])
async def test_an_equal_or_higher_level_steals_the_partition(contests: Contests, level: int) -> None:
    holder, challenger = contests[level]
    assert isinstance(holder.errors[0], ConnectionLostError)
    assert holder.errors[0].error == "link:stolen"
    assert challenger.errors == []


@pytest.mark.parametrize("level", [2, None])
async def test_a_lower_level_or_none_is_refused_and_the_holder_goes_on(contests: Contests, level: int | None) -> None:
    holder, challenger = contests[level]
    assert isinstance(challenger.errors[0], ConnectionLostError)
    assert challenger.received == []
    assert (holder.bodies, holder.errors) == (["one", "two"], [])


async def test_a_level_in_one_group_leaves_the_other_group_alone(
    connection: Connection, producer: EventHubProducerClient
) -> None:
    start = await last_sequence(producer, "0")
    await send_texts(producer, ["for everybody"], partition_id="0")
    where: dict[str, Any] = {"partition_id": "0", "starting_position": start}
    async with reading(connection("two"), "extra", owner_level=9, **where) as one:
        await one.until(1)
        async with reading(connection("two"), **where) as two:
            await two.until(1)


async def test_a_sixth_reader_without_level_is_refused(
    connection: Connection, producer: EventHubProducerClient
) -> None:
    start = await last_sequence(producer, "1")
    await send_texts(producer, ["for five"], partition_id="1")
    where: dict[str, Any] = {"partition_id": "1", "starting_position": start}
    async with contextlib.AsyncExitStack() as stack:
        five = [await stack.enter_async_context(reading(connection("two"), "extra", **where)) for _ in range(5)]
        await asyncio.gather(*(reader.until(1) for reader in five))
        error = await refusal(connection("two"), "extra", **where)
    assert isinstance(error, ConnectError | ConnectionLostError)
    assert "resource-limit-exceeded" in str(error)
