"""When a timer's next run is due, by a schedule, a lock and an invoker that say what they were asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from infra.local.functions_host.functions import Function, TimerTrigger
from infra.local.functions_host.invocation import Convert, Invoker
from infra.local.functions_host.retries import NO_RETRY
from infra.local.functions_host.timers.listener import TimerListener
from infra.local.functions_host.timers.schedule import Interval
from infra.local.functions_host.timers.singleton import TimerLock
from infra.local.functions_host.timers.status import ScheduleStatus
from infra.local.functions_host.worker import WorkerResult
from tests.support.eventually import PATIENCE_S

EVERY = timedelta(milliseconds=10)


class Runs:
    """In the place of an invoker: each run goes on until its interval is over twice."""

    def __init__(self) -> None:
        self.began: list[datetime] = []
        self.ended: list[datetime] = []
        self.inputs: list[str] = []

    async def invoke_with_retries(self, function: Function, convert: Convert, over: asyncio.Event) -> WorkerResult:
        self.began.append(datetime.now(UTC))
        self.inputs.append(convert()[0][0][1].json)
        while datetime.now(UTC) < self.began[-1] + 2 * EVERY:  # noqa: ASYNC110 - a clock announces nothing
            await asyncio.sleep(0)
        self.ended.append(datetime.now(UTC))
        return WorkerResult(True, None, ())


class Kept:
    """A monitor in memory."""

    def __init__(self, stored: ScheduleStatus | None = None) -> None:
        self.stored = stored
        self.saved: list[ScheduleStatus] = []

    async def load(self, function: str) -> ScheduleStatus | None:
        return self.stored

    async def save(self, function: str, status: ScheduleStatus) -> None:
        self.saved.append(status)


class Held:
    """A lock that nobody else wants."""

    async def try_acquire(self) -> bool:
        return True

    async def hold(self) -> None:
        await asyncio.Event().wait()

    async def release(self) -> None:
        return


async def run(kept: Kept, times: int) -> Runs:
    runs = Runs()
    trigger = TimerTrigger.model_validate({"type": "timerTrigger", "name": "timer", "schedule": "00:00:00.010"})
    function = Function("f", "1", trigger, [], NO_RETRY)
    invoker, lock = cast(Invoker, runs), cast(TimerLock, cast(Any, Held()))
    listener = TimerListener(function, trigger, Interval(EVERY), invoker, lock, EVERY, kept)
    listener.start()
    async with asyncio.timeout(PATIENCE_S):
        while len(runs.ended) < times:  # noqa: ASYNC110 - the listener does not announce its runs
            await asyncio.sleep(0)
    await listener.stop()
    await listener.close(PATIENCE_S)
    return runs


async def test_a_run_that_outlasts_its_interval_is_followed_at_once_by_one_that_is_not_past_due() -> None:
    """Last and next are reckoned from the start of a run, so the next is due before this one has ended."""
    kept = Kept()
    runs = await run(kept, 3)
    _, *after_runs = kept.saved
    for status, began, ended in zip(after_runs, runs.began, runs.ended, strict=False):
        assert status.last is not None
        assert status.last <= began
        assert status.next == status.last + EVERY < ended
    assert all('"IsPastDue": false' in given for given in runs.inputs)


async def test_an_interval_knows_no_summer_time() -> None:
    runs = await run(Kept(), 1)
    assert '"AdjustForDST": false' in runs.inputs[0]


async def test_a_schedule_that_was_changed_meanwhile_begins_anew() -> None:
    """What an older one missed is not made up for, and when it last fired is forgotten."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    kept = Kept(ScheduleStatus(long_ago, long_ago + timedelta(hours=1), long_ago))
    runs = await run(kept, 1)
    assert kept.saved[0].last is None
    assert '"IsPastDue": false' in runs.inputs[0]
    assert '"Last": "0001-01-01T00:00:00+00:00"' in runs.inputs[0]
