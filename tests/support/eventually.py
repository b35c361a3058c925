"""Wait for a condition instead of sleeping: tests say what must become true, and by when."""

import asyncio
import time
from collections.abc import Awaitable, Callable

# Long, because only a failing test waits to its end: on a busy machine everything takes ten times as long.
PATIENCE_S = 180.0


def eventually[T](check: Callable[[], T], timeout_s: float = PATIENCE_S, every_s: float = 0.05) -> T:
    """Call `check` until it returns something truthy; raise `AssertionError` with its last answer at the deadline."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{check} still answers {answer!r} after {timeout_s} s")
        time.sleep(every_s)


async def aeventually[T](check: Callable[[], Awaitable[T]], timeout_s: float = PATIENCE_S, every_s: float = 0.05) -> T:
    """The same for a coroutine function."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = await check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{check} still answers {answer!r} after {timeout_s} s")
        await asyncio.sleep(every_s)
