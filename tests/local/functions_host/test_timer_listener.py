"""When a timer's next run is due, by a schedule, a lock and an invoker that say what they were asked."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

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
        self.inputs: list[dict[str, Any]] = []
        self.metadata: list[dict[str, Any]] = []

    async def invoke_with_retries(self, function: Function, convert: Convert, over: asyncio.Event) -> WorkerResult:
        self.began.append(datetime.now(UTC))
        [(_, given)], metadata = convert()
        self.inputs.append(json.loads(given.json))
        self.metadata.append(dict(metadata))
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


async def run(kept: Kept | None, times: int, every: timedelta = EVERY, **options: Any) -> Runs:
    runs = Runs()
    described = {"type": "timerTrigger", "name": "timer", "schedule": "00:00:00.010", **options}
    trigger = TimerTrigger.model_validate(described)
    function = Function("f", "1", trigger, [], NO_RETRY)
    invoker, lock = cast(Invoker, runs), cast(TimerLock, cast(Any, Held()))
    listener = TimerListener(function, trigger, Interval(every), invoker, lock, EVERY, kept)
    listener.start()
    async with asyncio.timeout(PATIENCE_S):
        while len(runs.ended) < times:  # noqa: ASYNC110 - the listener does not announce its runs
            await asyncio.sleep(0)
    await listener.stop()
    await listener.close(PATIENCE_S)
    return runs


@pytest.mark.observed("timers: a run that outlasts its interval is followed by one at once, reckoned from its start")
async def test_a_run_that_outlasts_its_interval_is_followed_at_once_by_one_that_is_not_past_due() -> None:
    """Last and next are reckoned from the start of a run, so the next is due before this one has ended."""
    kept = Kept()
    runs = await run(kept, 3)
    _, *after_runs = kept.saved
    for status, began, ended in zip(after_runs, runs.began, runs.ended, strict=False):
        assert status.last is not None
        assert status.last <= began
        assert status.next == status.last + EVERY < ended
    assert not any(given["IsPastDue"] for given in runs.inputs)


async def test_an_interval_knows_no_summer_time() -> None:
    runs = await run(Kept(), 1)
    assert runs.inputs[0]["Schedule"] == {"AdjustForDST": False}


@pytest.mark.observed("timers: a schedule that was changed begins anew")
async def test_a_schedule_that_was_changed_meanwhile_begins_anew() -> None:
    """What an older one missed is not made up for, and when it last fired is forgotten."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    kept = Kept(ScheduleStatus(long_ago, long_ago + timedelta(hours=1), long_ago))
    runs = await run(kept, 1)
    assert kept.saved[0].last is None
    assert runs.inputs[0]["IsPastDue"] is False
    assert runs.inputs[0]["ScheduleStatus"]["Last"] == "0001-01-01T00:00:00+00:00"


@pytest.mark.observed("timers: the input has schedule, status and lateness, the status null without a monitor")
async def test_what_a_timer_is_told() -> None:
    (monitored, *_), (alone, *_) = (await run(Kept(), 1)).inputs, (await run(None, 1)).inputs
    assert list(monitored) == list(alone) == ["Schedule", "ScheduleStatus", "IsPastDue"]
    assert list(monitored["ScheduleStatus"]) == ["Last", "Next", "LastUpdated"]
    assert alone["ScheduleStatus"] is None


@pytest.mark.observed("timers: the metadata is the moment, as month/day/year")
async def test_the_metadata_is_the_moment() -> None:
    runs = await run(None, 1)
    (moment,) = runs.metadata[0].values()
    told = datetime.strptime(moment.string, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    assert list(runs.metadata[0]) == ["TimerTrigger"]
    assert abs(told - runs.began[0]) < timedelta(minutes=1)


@pytest.mark.observed("timers: a run at start is not late, and is the last run from then on")
async def test_a_run_at_start_is_not_late_and_counts() -> None:
    long = timedelta(days=1)
    kept = Kept()
    runs = await run(kept, 1, long, runOnStartup=True)
    assert [given["IsPastDue"] for given in runs.inputs] == [False]
    at_first, after = kept.saved
    assert (at_first.last, after.last) == (None, after.last_updated)
    assert after.last is not None
    assert after.last <= runs.began[0]
    assert after.next == after.last + long
