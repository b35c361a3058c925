"""Threads for a client that blocks: a few for each vendor's place, so that a slow one takes nobody else's."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from shared.adapters.azure.transports import Call
from shared.ports import Unavailable

log = logging.getLogger("sluice.threads")


class BoundedThreads:
    """At most `threads` calls at work and `waiting` behind them; one more is `Unavailable` at once, and reported."""

    def __init__(self, name: str, threads: int = 4, waiting: int = 64) -> None:
        self._name, self._most = name, threads + waiting
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._taken = 0
        self._left_behind: set[Call] = set()

    async def run[T](self, work: Callable[[Call], T]) -> T:
        """`work(call)` on a thread; raises `Unavailable` where there is none. Cancelled, it gives the call up."""
        self._take()
        call = Call()
        done = self._pool.submit(work, call)
        done.add_done_callback(lambda _: self._give_back(call))
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            call.give_up()
            self._leave_behind(call, done)
            raise

    @property
    def taken(self) -> int:
        """Calls at work or waiting, those given up among them until their thread is free."""
        return self._taken

    @property
    def left_behind(self) -> int:
        """Calls that nobody waits for and that still hold a thread: what they wait for cannot be broken off."""
        return len(self._left_behind)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self) -> None:
        with self._lock:
            if self._taken >= self._most:
                log.warning("%s: %d calls are under way, and no more are made", self._name, self._taken)
                raise Unavailable(f"{self._name}: {self._taken} calls are under way")
            self._taken += 1

    def _leave_behind(self, call: Call, done: Future[Any]) -> None:
        with self._lock:
            if done.done():
                return
            self._left_behind.add(call)
            log.warning("%s: %d calls that were given up still hold a thread", self._name, len(self._left_behind))

    def _give_back(self, call: Call) -> None:
        with self._lock:
            self._taken -= 1
            self._left_behind.discard(call)
