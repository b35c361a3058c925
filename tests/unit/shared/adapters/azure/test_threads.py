"""Calls on threads: bounded for each place, reported when that is reached, and ended when nobody waits for them."""

import asyncio
import threading

import pytest

from shared.adapters.azure.threads import BoundedThreads
from shared.adapters.azure.transports import Call
from shared.ports import Unavailable
from tests.support.eventually import eventually


async def test_what_is_too_much_is_unavailable_at_once_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    slow, other, go_on = BoundedThreads("slow", 2, waiting=1), BoundedThreads("other", 1), threading.Event()
    calls = [asyncio.create_task(slow.run(lambda _call: go_on.wait(60))) for _ in range(3)]
    await asyncio.to_thread(eventually, lambda: slow.taken == 3)
    with pytest.raises(Unavailable, match="slow: 3 calls"):
        await slow.run(lambda _call: True)
    assert "slow: 3 calls are under way" in caplog.text
    assert await other.run(lambda _call: "unharmed") == "unharmed"
    go_on.set()
    assert await asyncio.gather(*calls) == [True] * 3
    await asyncio.to_thread(eventually, lambda: slow.taken == 0)
    slow.close()
    other.close()


async def test_a_call_that_nobody_waits_for_ends_at_its_next_step() -> None:
    threads, begun, ended = BoundedThreads("one", 1), threading.Event(), threading.Event()

    def work(call: Call) -> None:
        begun.set()
        try:
            call.wait(60)
        finally:
            ended.set()

    calling = asyncio.create_task(threads.run(work))
    await asyncio.to_thread(eventually, begun.is_set)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await asyncio.to_thread(eventually, ended.is_set)
    await asyncio.to_thread(eventually, lambda: threads.taken == 0)
    threads.close()


async def test_a_call_that_waits_for_a_thread_is_never_begun_once_it_is_given_up() -> None:
    threads, go_on, done = BoundedThreads("one", 1), threading.Event(), list[str]()
    first = asyncio.create_task(threads.run(lambda _call: go_on.wait(60)))
    second = asyncio.create_task(threads.run(lambda _call: done.append("second")))
    await asyncio.to_thread(eventually, lambda: threads.taken == 2)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    go_on.set()
    await first
    assert (done, threads.taken) == ([], 0)
    threads.close()


async def test_a_call_left_behind_is_counted_and_reported_until_its_thread_is_free(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it waits for cannot be broken off: a request that hangs, for one."""
    threads, begun, go_on = BoundedThreads("one", 2), threading.Event(), threading.Event()

    def hang(_call: Call) -> None:
        begun.set()
        go_on.wait(60)

    calling = asyncio.create_task(threads.run(hang))
    await asyncio.to_thread(eventually, begun.is_set)
    assert threads.left_behind == 0
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert (threads.left_behind, threads.taken) == (1, 1)
    assert "one: 1 calls that were given up still hold a thread" in caplog.text
    go_on.set()
    await asyncio.to_thread(eventually, lambda: threads.taken == 0)
    assert threads.left_behind == 0
    threads.close()
