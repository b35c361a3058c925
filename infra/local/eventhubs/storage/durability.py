"""When an append counts as stored: the fsync policies.

none      the kernel writes back when it likes: SIGKILL loses nothing, a power cut may lose the last half minute.
interval  the same, but everything is flushed within a second of its append: a power cut may lose a second.
batch     a producer gets its answer only after its batch is flushed: a power cut loses nothing acknowledged. Batches
          that arrive during a flush share the next one.

No policy needs a timer while nothing is written.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from infra.local.eventhubs.storage.partition_log import PartitionLog

type Policy = Literal["none", "batch", "interval"]
POLICIES: tuple[Policy, ...] = ("none", "batch", "interval")
_INTERVAL_S = 1.0
_log = logging.getLogger(__name__)


class Durability:
    """Flushes one partition's log in a thread, off the event loop."""

    def __init__(self, log: PartitionLog, policy: Policy) -> None:
        self._log = log
        self._policy = policy
        self._waiting: list[Callable[[bool], None]] = []
        self._dirty = False
        self._task: asyncio.Task[None] | None = None

    def after_append(self, answer: Callable[[bool], None]) -> None:
        """Call `answer(True)` once the policy holds for all that was appended before, `answer(False)` on failure."""
        if self._policy == "batch":
            self._waiting.append(answer)
        else:
            answer(True)
        self._dirty = True
        if self._policy != "none" and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        while self._dirty:
            if self._policy == "interval":
                await asyncio.sleep(_INTERVAL_S)
            self._dirty = False
            answers, self._waiting = self._waiting, []
            stored = await asyncio.to_thread(self._synced)
            for answer in answers:
                answer(stored)
        self._task = None

    def _synced(self) -> bool:
        try:
            self._log.sync()
        except OSError:
            _log.exception("flushing the log failed")
            return False
        return True

    def abandon(self) -> None:
        """Flush no more: the log is deleted."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Let a flush under way end; the log flushes once more when it is closed."""
        if self._task is not None and self._policy == "interval":
            self._task.cancel()
        elif self._task is not None:
            await self._task
