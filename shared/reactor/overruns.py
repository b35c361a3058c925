"""Whatever is begun ends by a deadline of its own, well below the host's, which ends the process with all in it.

It is cancelled. What does not end even then is left behind and said; it may still come to its end, under the keys and
leases by which every repetition is known. There is room for a few of them, and then nothing more is begun here.
"""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from shared.ports import Unavailable

log = logging.getLogger("sluice.overruns")
GRACE = timedelta(seconds=2)
_MOST = 8


class Overruns:
    def __init__(self, grace: timedelta = GRACE, most: int = _MOST) -> None:
        self._grace, self._most = grace, most
        self._left: dict[asyncio.Task[Any], str] = {}

    @property
    def left(self) -> list[str]:
        """What would not end, and has not ended yet."""
        return list(self._left.values())

    async def within[T](self, limit: timedelta, name: str, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives or raises. Raises `TimeoutError` after `limit`, `Unavailable` where there is no room."""
        if len(self._left) >= self._most:
            work.close()
            raise Unavailable(f"{len(self._left)} calls that would not end are left behind, {self.left[0]} first")
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task}, timeout=limit.total_seconds())
            if task.done():
                return task.result()
        except asyncio.CancelledError:
            await self._end(task, name)
            raise
        await self._end(task, name)
        raise TimeoutError(f"{name} was not done within {limit.total_seconds():g} s")

    async def _end(self, task: asyncio.Task[Any], name: str) -> None:
        task.cancel()
        await asyncio.wait({task}, timeout=self._grace.total_seconds())
        if task.done():
            _look_at(task, name)
            return
        self._left[task] = name
        log.error("%s would not end, and is left behind; %d of %d", name, len(self._left), self._most)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        name = self._left.pop(task)
        log.warning("%s, which was left behind, has ended", name)
        _look_at(task, name)


def _look_at(task: asyncio.Task[Any], name: str) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("%s ended too late, with %r", name, error)
