"""Whatever is begun ends by its deadline; what would not end is left behind, said, and there is room for a few."""

import asyncio
import logging
from datetime import timedelta

import pytest

from shared.ports import Hub, Place, Unavailable
from shared.reactor import Overruns, Stretch
from tests.support.eventually import aeventually
from tests.unit.shared.reactor.plant import READERS, Plant

SHORT, AT_ONCE = timedelta(milliseconds=20), timedelta()


async def forever() -> None:
    await asyncio.Event().wait()


class Stubborn:
    """Does not end when it is cancelled, until it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def work(self) -> None:
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                continue


async def test_what_ends_in_time_gives_what_it_gives() -> None:
    async def seven() -> int:
        return 7

    async def fail() -> None:
        raise ZeroDivisionError("oops")

    overruns = Overruns()
    assert await overruns.within(timedelta(minutes=1), "seven", seven()) == 7
    with pytest.raises(ZeroDivisionError):
        await overruns.within(timedelta(minutes=1), "fail", fail())
    assert overruns.left == []


async def test_what_takes_too_long_is_cancelled_and_named() -> None:
    overruns = Overruns()
    with pytest.raises(TimeoutError, match=r"for ever was not done within 0.02 s"):
        await overruns.within(SHORT, "for ever", forever())
    assert overruns.left == []


async def test_what_will_not_end_is_left_behind_and_said_until_it_does(caplog: pytest.LogCaptureFixture) -> None:
    overruns, stubborn = Overruns(grace=AT_ONCE), Stubborn()
    with caplog.at_level(logging.WARNING), pytest.raises(TimeoutError):
        await overruns.within(SHORT, "a call", stubborn.work())
    assert overruns.left == ["a call"]
    assert "a call would not end, and is left behind; 1 of 8" in caplog.text
    stubborn.let_go.set()
    await eventually_none_left(overruns)
    assert "has ended" in caplog.text


async def test_there_is_room_for_a_few_and_then_nothing_more_is_begun() -> None:
    overruns, stubborn = Overruns(grace=AT_ONCE, most=2), Stubborn()
    for number in range(2):
        with pytest.raises(TimeoutError):
            await overruns.within(SHORT, f"call {number}", stubborn.work())
    with pytest.raises(Unavailable, match="2 calls that would not end are left behind, call 0 first"):
        await overruns.within(SHORT, "another", forever())
    stubborn.let_go.set()
    await eventually_none_left(overruns)


async def test_whoever_is_cancelled_meanwhile_ends_what_it_began() -> None:
    overruns, began, ended = Overruns(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await forever()
        finally:
            ended.set()

    outer = asyncio.create_task(overruns.within(timedelta(minutes=1), "work", work()))
    await began.wait()
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
    assert ended.is_set()


async def eventually_none_left(overruns: Overruns) -> None:
    await aeventually(lambda: asyncio.sleep(0, not overruns.left), every_s=0)


@pytest.mark.parametrize(("reader", "hub"), READERS)
@pytest.mark.parametrize("is_back", [False, True], ids=["trigger", "read back"])
async def test_a_call_that_hangs_in_any_function_ends_by_the_deadline_and_nothing_is_lost(
    reader: str, hub: Hub, is_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = Plant(deadline=SHORT)
    for number in range(4):
        plant.send(number)
    if reader == "samples":
        await plant.deliver(Place("intake", "inbound", 0))
    partition = next(each for each in plant.hub.partitions if plant.hub.messages[hub, each])
    place, messages = Place(reader, hub, partition), plant.hub.messages[hub, partition]
    instance = plant.instances[0]
    behind = Stretch(place, 0, len(messages) - 1)
    with monkeypatch.context() as patch:
        patch.setattr(plant, "ask", forever)
        trying = instance.catch_up(behind) if is_back else instance.consume(place, messages)
        with pytest.raises(Unavailable, match="was not done within"):
            await trying
    # What had its time to do something runs again, in time.
    plant.instances[0].runtime._stalls._deadline = timedelta(minutes=1)
    await plant.run(4 * 60)
    assert await plant.behind() == {}
    await plant.assert_each_once_and_in_order(range(4))
