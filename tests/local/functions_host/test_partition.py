"""One partition: when its checkpoint moves, when it must not, and that batches never overlap."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from azure.eventhub import EventData

from infra.local.functions_host.event_hubs.partition import Partition
from infra.local.functions_host.host_json import EventHubsSettings
from tests.support.eventually import PATIENCE_S


class Context:
    """The SDK's partition context, as far as a partition uses it; keeps the checkpoints."""

    fully_qualified_namespace = "ns"
    eventhub_name = "hub"
    consumer_group = "$Default"
    partition_id = "0"

    def __init__(self) -> None:
        self.checkpoints: list[EventData] = []

    async def update_checkpoint(self, event: EventData) -> None:
        self.checkpoints.append(event)


class Function:
    """Takes as long as the test wants; keeps the batches and how many ran at once."""

    def __init__(self) -> None:
        self.batches: list[list[EventData]] = []
        self.contexts: list[dict[str, Any]] = []
        self.over = asyncio.Event()
        self.may_end = asyncio.Event()
        self.running = 0
        self.most_at_once = 0

    async def run(self, events: Sequence[EventData], context: dict[str, Any], over: asyncio.Event) -> None:
        self.batches.append(list(events))
        self.contexts.append(context)
        self.over = over
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await self.may_end.wait()
        self.running -= 1


def events(count: int) -> list[EventData]:
    return [EventData(str(number)) for number in range(count)]


async def begun(function: Function, batches: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(function.batches) < batches:  # noqa: ASYNC110 - the function under test does not announce itself
            await asyncio.sleep(0)


async def lose(receiving: asyncio.Task[None]) -> None:
    """As the SDK does it: the task of a lost partition is cancelled."""
    receiving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await receiving


async def test_the_checkpoint_follows_every_batch() -> None:
    function, context = Function(), Context()
    function.may_end.set()
    partition = Partition(EventHubsSettings(maxEventBatchSize=2), function.run)
    batch = events(3)
    await partition.receive(context, batch)
    assert [len(each) for each in function.batches] == [2, 1]
    assert context.checkpoints == [batch[1], batch[2]]


@pytest.mark.observed("events: no checkpoint moves when the host stops or the partition is lost")
async def test_a_batch_that_ends_after_its_partition_was_lost_moves_no_checkpoint() -> None:
    function, context = Function(), Context()
    partition = Partition(EventHubsSettings(maxEventBatchSize=1), function.run)
    receiving = asyncio.create_task(partition.receive(context, events(2)))
    await begun(function, 1)
    await lose(receiving)
    function.may_end.set()
    again = events(1)
    await partition.receive(context, again)
    assert function.batches[1:] == [again], "what was waiting went with the partition; its new owner reads it again"
    assert context.checkpoints == again


async def test_a_partition_that_comes_back_waits_for_the_batch_of_before() -> None:
    function, context = Function(), Context()
    partition = Partition(EventHubsSettings(), function.run)
    receiving = asyncio.create_task(partition.receive(context, events(1)))
    await begun(function, 1)
    await lose(receiving)
    again = asyncio.create_task(partition.receive(context, events(1)))
    await asyncio.sleep(0.01)
    assert len(function.batches) == 1
    function.may_end.set()
    await again
    assert function.most_at_once == 1


@pytest.mark.observed("events: retries end when the partition is lost")
async def test_a_lost_partition_is_over_for_its_batch_and_not_for_those_that_come_later() -> None:
    """So that no attempt is repeated beside the new owner's."""
    function, context = Function(), Context()
    partition = Partition(EventHubsSettings(), function.run)
    receiving = asyncio.create_task(partition.receive(context, events(1)))
    await begun(function, 1)
    assert not function.over.is_set()
    await lose(receiving)
    assert function.over.is_set()
    function.may_end.set()
    await partition.receive(context, events(1))
    assert not function.over.is_set()


@pytest.mark.observed("events: a checkpoint follows every nth batch, and says so in the context")
async def test_a_batch_says_whether_a_checkpoint_follows_it() -> None:
    function, context = Function(), Context()
    function.may_end.set()
    partition = Partition(EventHubsSettings(maxEventBatchSize=1, batchCheckpointFrequency=2), function.run)
    await partition.receive(context, events(4))
    assert [each["IsCheckpointingAfterInvocation"] for each in function.contexts] == [False, True, False, True]
    assert [event.body_as_str() for event in context.checkpoints] == ["1", "3"]


@pytest.mark.observed(
    "events: no checkpoint moves when the host stops or the partition is lost",
    "host.json: the first part of a batch is given at once, and a stop writes a checkpoint",
)
async def test_a_stopping_host_takes_nothing_on_and_moves_no_checkpoint() -> None:
    function, context = Function(), Context()
    partition = Partition(EventHubsSettings(), function.run)
    receiving = asyncio.create_task(partition.receive(context, events(1)))
    await begun(function, 1)
    partition.stop()
    assert function.over.is_set()
    function.may_end.set()
    await receiving
    refused = asyncio.create_task(partition.receive(context, events(1)))
    await asyncio.sleep(0.01)
    assert not refused.done()
    await lose(refused)
    assert len(function.batches) == 1
    assert context.checkpoints == []
