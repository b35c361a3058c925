"""Capture holds the loop that scores for its share, whatever it does, and nothing is lost on the way."""

import asyncio

import pytest

from services.scoring.instance.loop_share import LoopShare


class Clock:
    """Goes on when somebody works, not while somebody waits."""

    now = 0.0

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def _work(clock: Clock, steps: int) -> None:
    for _ in range(steps):
        clock.work(0.25)
        await asyncio.sleep(0)


@pytest.mark.parametrize(("most", "rest_s"), [(0.1, 9.0), (0.5, 1.0), (1.0, 0.0)])
async def test_the_rest_makes_the_work_its_share(clock: Clock, most: float, rest_s: float) -> None:
    share = LoopShare(most, lambda: clock.now)
    await share.spend(_work(clock, 4))
    assert share.rest_s == pytest.approx(rest_s)


async def test_what_others_do_meanwhile_is_not_counted(clock: Clock) -> None:
    share = LoopShare(0.5, lambda: clock.now)
    others = asyncio.create_task(_work(clock, 40))
    await share.spend(_work(clock, 2))
    assert share.rest_s == pytest.approx(0.5)
    await others


async def test_a_rest_pays_once(clock: Clock) -> None:
    share = LoopShare(0.99, lambda: clock.now)
    await share.spend(_work(clock, 1))
    assert share.rest_s > 0
    await share.rest()
    assert share.rest_s == 0.0


async def test_an_error_comes_through_and_is_counted(clock: Clock) -> None:
    async def fail() -> None:
        await _work(clock, 1)
        raise ValueError("full")

    share = LoopShare(0.5, lambda: clock.now)
    with pytest.raises(ValueError, match="full"):
        await share.spend(fail())
    assert share.rest_s == pytest.approx(0.25)


async def test_a_time_out_reaches_the_work_and_lets_it_tidy_up(clock: Clock) -> None:
    tidied: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append("yes")

    share = LoopShare(0.5, lambda: clock.now)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await share.spend(wait())
    assert tidied == ["yes"]


async def test_an_error_that_the_work_was_waiting_for_is_its_own_to_handle(clock: Clock) -> None:
    failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    handled: list[str] = []

    async def wait() -> None:
        try:
            await failing
        except OSError as error:
            handled.append(str(error))
            await _work(clock, 1)

    share = LoopShare(0.5, lambda: clock.now)
    asyncio.get_running_loop().call_soon(failing.set_exception, OSError("gone"))
    await share.spend(wait())
    assert handled == ["gone"]
    assert share.rest_s == pytest.approx(0.25)
