"""One timer for all that goes by the clock: each part has its period, and fails alone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.ports import Unavailable
from shared.reactor.ticking import Part, PartsFailed, Ticking


class Parts:
    """`ran` says which parts ran, `at` what time it is."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.at = 0.0
        self.ticking = Ticking(
            [
                Part("always", self.part("always")),
                Part("minutely", self.part("minutely"), every=timedelta(minutes=1)),
                Part("broken", self.broken, every=timedelta(hours=1)),
                Part("hangs", asyncio.Event().wait, every=timedelta(hours=1), budget=timedelta(milliseconds=10)),
            ],
            lambda: self.at,
        )

    def part(self, name: str) -> Callable[[], Awaitable[object]]:
        async def run() -> None:
            self.ran.append(name)

        return run

    async def broken(self) -> None:
        raise Unavailable("storage is down")

    async def tick(self, at: float) -> None:
        self.at, self.ran = at, []
        await self.ticking.tick()


async def test_a_part_that_fails_or_hangs_stops_no_other_and_is_told_of() -> None:
    parts = Parts()
    with pytest.raises(PartsFailed) as raised:
        await parts.tick(0)
    assert parts.ran == ["always", "minutely"]
    assert [type(error) for error in raised.value.exceptions] == [Unavailable, TimeoutError]


async def test_each_part_runs_in_its_own_time() -> None:
    parts = Parts()
    with pytest.raises(PartsFailed):
        await parts.tick(0)
    await parts.tick(1)
    assert parts.ran == ["always"]
    with pytest.raises(PartsFailed):
        await parts.tick(59)
    assert parts.ran == ["always", "minutely"]
    await parts.tick(60)
    assert parts.ran == ["always"]


async def test_a_part_that_has_more_to_do_is_due_at_once() -> None:
    left = [True, True, False]

    async def run() -> bool:
        return left.pop(0)

    ticking = Ticking([Part("hourly", run, every=timedelta(hours=1))], lambda: 0.0)
    for _ in range(5):
        await ticking.tick()
    assert left == []


async def test_a_part_that_failed_or_ran_out_of_its_budget_is_due_again_after_a_minute() -> None:
    parts = Parts()
    for at in (0, 60, 120):
        with pytest.raises(PartsFailed) as raised:
            await parts.tick(at)
        assert len(raised.value.exceptions) == 2
        await parts.tick(at + 1)


class Late:
    """A clock that ticks when it is told to; `tick` says whether it was said to be late."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self.at, self.log = 0.0, log
        self.ticking = Ticking([], lambda: self.at)

    async def tick(self, at: float) -> bool:
        self.at = at
        self.log.clear()
        await self.ticking.tick()
        return any("late: " in record.getMessage() for record in self.log.records)


async def test_a_clock_that_comes_late_is_said_once_until_it_is_in_time_again(caplog: pytest.LogCaptureFixture) -> None:
    clock = Late(caplog)
    said = [await clock.tick(at) for at in (0, 60, 239, 420, 900, 960, 1200)]
    assert said == [False, False, False, True, False, False, True]
    assert "late: 240 s passed" in caplog.text


async def test_what_runs_back_to_back_is_not_late(caplog: pytest.LogCaptureFixture) -> None:
    """As the host does where a run took longer than the timer's interval: one after the other, or two at once."""
    clock = Late(caplog)
    assert not any([await clock.tick(at - at % 2) for at in range(0, 540, 27)])


@pytest.mark.parametrize("seconds", [60, 90])
def test_a_part_that_may_outlast_the_timers_interval_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="slow: a budget below the timer's interval"):
        Part("slow", Parts().broken, budget=timedelta(seconds=seconds))
