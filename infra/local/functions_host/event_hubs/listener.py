"""Runs one Event Hubs function: its hub's partitions in parallel, each batch with the function's retry policy."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from azure.eventhub import EventData

from infra.local.functions_host.event_hubs import datums
from infra.local.functions_host.event_hubs.attempts import AttemptsMade
from infra.local.functions_host.event_hubs.client import ListenerClient
from infra.local.functions_host.event_hubs.partition import Partition
from infra.local.functions_host.functions import EventHubTrigger, Function
from infra.local.functions_host.host_json import EventHubsSettings
from infra.local.functions_host.invocation import Arguments, Invoker

_log = logging.getLogger(__name__)


class EventHubListener:
    """`ready` is set once the link of every partition that this host claimed first is open."""

    def __init__(
        self,
        function: Function,
        trigger: EventHubTrigger,
        client: ListenerClient,
        settings: EventHubsSettings,
        invoker: Invoker,
        attempts: AttemptsMade,
    ) -> None:
        self.function = function
        self.ready = asyncio.Event()
        self._trigger = trigger
        self._client = client
        # A function that takes one event at a time gets them one after the other, a checkpoint behind each.
        alone = {"max_event_batch_size": 1, "min_event_batch_size": 1} if trigger.cardinality == "ONE" else {}
        self._settings = settings.model_copy(update=alone)
        self._invoker = invoker
        self._attempts = attempts
        self._partitions: dict[str, Partition] = {}
        self._opening: set[str] = set()
        self._is_stopped = False
        self._task: asyncio.Task[None] | None = None
        client.on_link_open = self._link_is_open

    def start(self) -> asyncio.Task[None]:
        self._task = asyncio.create_task(self._receive(), name=f"event hub {self.function.name}")
        return self._task

    async def stop(self) -> None:
        """No further batch starts and no attempt is repeated; the batches under way run on."""
        for partition in self._partitions.values():
            partition.stop()
        self._is_stopped = True

    async def close(self, patience_s: float) -> None:
        """Close the links and give the partitions back."""
        try:
            async with asyncio.timeout(patience_s):
                await self._client.close()
        except TimeoutError:
            _log.warning("function %s: partitions not given back within %s s", self.function.name, patience_s)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _receive(self) -> None:
        await self._client.receive_batch(
            self._on_batch,
            max_batch_size=self._settings.max_event_batch_size,
            prefetch=self._settings.prefetch_count,
            track_last_enqueued_event_properties=self._settings.track_last_enqueued_event_properties,
            on_error=self._on_error,
            on_partition_initialize=self._on_partition_initialize,
            on_partition_close=self._on_partition_close,
            **starting_position(self._settings),
        )

    async def _on_batch(self, context: Any, events: Sequence[EventData]) -> None:
        await self._partition(context.partition_id).receive(context, events)

    async def _on_partition_initialize(self, context: Any) -> None:
        self._opening.add(context.partition_id)

    async def _on_partition_close(self, context: Any, reason: Any) -> None:
        self._partition(context.partition_id).lost()
        self._opening.discard(context.partition_id)

    async def _on_error(self, context: Any, error: Exception) -> None:
        partition = context.partition_id if context else "-"
        _log.warning("function %s, partition %s: %s", self.function.name, partition, error)

    def _partition(self, partition_id: str) -> Partition:
        if partition_id not in self._partitions:
            self._partitions[partition_id] = Partition(self._settings, self._run_batch)
            if self._is_stopped:
                self._partitions[partition_id].stop()
        return self._partitions[partition_id]

    def _link_is_open(self, partition_id: str) -> None:
        self._opening.discard(partition_id)
        if not self._opening:
            self.ready.set()

    async def _run_batch(
        self, events: Sequence[EventData], partition_context: dict[str, Any], over: asyncio.Event
    ) -> None:
        def convert() -> Arguments:
            if self._trigger.cardinality == "MANY":
                return datums.many(self._trigger, events, partition_context)
            return datums.one(self._trigger, events[0], partition_context)

        batch = f"{self.function.name}/{partition_context['PartitionId']}/{events[0].sequence_number}"
        note = partial(self._attempts.note, batch)
        await self._invoker.invoke_with_retries(self.function, convert, over, self._attempts.of(batch), note)


def starting_position(settings: EventHubsSettings) -> dict[str, Any]:
    offset = settings.initial_offset_options
    if offset.type == "fromEnd":
        return {"starting_position": "@latest"}
    if offset.type == "fromEnqueuedTime":
        return {"starting_position": offset.enqueued_time_utc}
    return {"starting_position": "-1"}
