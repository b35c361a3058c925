"""One partition of one function: one batch at a time, and a checkpoint behind it whether it succeeded or not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from azure.core.exceptions import AzureError
from azure.eventhub import EventData

from infra.local.functions_host.host_json import EventHubsSettings

_log = logging.getLogger(__name__)

# The third is set when the partition is lost or the host stops: no attempt is then repeated.
RunBatch = Callable[[Sequence[EventData], dict[str, Any], asyncio.Event], Awaitable[None]]


class Partition:
    """Collects what arrives into batches, runs them, and moves the checkpoint while the partition is still owned."""

    def __init__(self, settings: EventHubsSettings, run_batch: RunBatch) -> None:
        self._settings = settings
        self._run_batch = run_batch
        self._turn = asyncio.Lock()
        self._waiting: list[EventData] = []
        self._deadline: asyncio.TimerHandle | None = None
        self._overdue: asyncio.Task[None] | None = None
        # Of one ownership: a new one begins with a new event.
        self._over = asyncio.Event()
        self._stopped = False
        self._batches = 0

    def lost(self) -> None:
        """The partition went elsewhere, or its link broke: nothing received so far may move the checkpoint."""
        self._over.set()
        if not self._stopped:
            self._over = asyncio.Event()
        self._waiting.clear()
        self._cancel_deadline()

    def stop(self) -> None:
        """Nothing is taken on or repeated from here; the batch under way runs on, and moves no checkpoint."""
        self._stopped = True
        self._over.set()

    async def receive(self, context: Any, events: Sequence[EventData]) -> None:
        """Take over what the SDK delivered. Returns when the batch is done, so the next one waits for it."""
        if self._stopped:
            # A host that stops takes nothing on; the SDK ends this wait by cancelling the partition's task.
            await asyncio.Event().wait()
        self._waiting.extend(events)
        if len(self._waiting) < self._settings.min_event_batch_size:
            self._await_more(context)
            return
        try:
            # The SDK cancels this call when the partition is lost; what runs already may finish all the same.
            await asyncio.shield(self._run_waiting(context))
        except asyncio.CancelledError:
            self.lost()
            raise

    def _await_more(self, context: Any) -> None:
        if self._deadline is not None:
            return

        def run() -> None:
            self._deadline = None
            self._overdue = asyncio.create_task(self._run_waiting(context))

        self._deadline = asyncio.get_running_loop().call_later(self._settings.max_wait_time.total_seconds(), run)

    async def _run_waiting(self, context: Any) -> None:
        over = self._over
        self._cancel_deadline()
        async with self._turn:
            while self._waiting and not over.is_set():
                size = self._settings.max_event_batch_size
                batch, self._waiting = self._waiting[:size], self._waiting[size:]
                self._batches += 1
                await self._run_batch(batch, _described(context, self._is_checkpointing), over)
                if self._is_checkpointing and not over.is_set():
                    await _checkpoint(context, batch[-1])

    @property
    def _is_checkpointing(self) -> bool:
        """Whether a checkpoint follows the present batch."""
        is_its_turn = self._batches % self._settings.batch_checkpoint_frequency == 0
        return self._settings.enable_checkpointing and is_its_turn

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


async def _checkpoint(context: Any, event: EventData) -> None:
    try:
        await context.update_checkpoint(event)
    except AzureError as error:
        _log.warning("partition %s: the checkpoint could not be written: %s", context.partition_id, error)


def _described(context: Any, is_checkpointing: bool) -> dict[str, Any]:
    return {
        "IsCheckpointingAfterInvocation": is_checkpointing,
        # .NET's clients leave the port out, which only a local namespace has.
        "FullyQualifiedNamespace": context.fully_qualified_namespace.partition(":")[0],
        "EventHubName": context.eventhub_name,
        "ConsumerGroup": context.consumer_group,
        "PartitionId": context.partition_id,
    }
