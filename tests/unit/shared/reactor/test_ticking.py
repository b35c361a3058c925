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
