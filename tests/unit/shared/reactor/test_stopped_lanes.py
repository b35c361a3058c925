"""A lane whose events end by bugs of ours is stopped, holds its place, and goes on for a person or another build."""

from datetime import timedelta

import pytest

from shared.events import (
    ActionFailed,
    LaneStopped,
    Unreadable,
)
from shared.ports import Refused, Unavailable
from tests.support.sample_service import registered
from tests.unit.shared.reactor.lane_bench import LaneBench


async def bugs(lane: LaneBench, numbers: range) -> None:
    for number in numbers:
        lane.bench.trouble.gathering = [KeyError("window")]
        await lane.consume(lane.message(number))


async def test_a_lane_that_ends_most_by_our_bugs_stops_and_says_so(lane: LaneBench) -> None:
    with pytest.raises(Unavailable, match="sluice lanes resume samples"):
        await bugs(lane, range(30))
    (stopped,) = lane.told(LaneStopped)
    assert (stopped.lane, stopped.bugs) == ("samples", 10)
    assert await lane.position() == 8
    with pytest.raises(Unavailable):
        await lane.consume(lane.message(9))


async def test_a_stopped_lane_goes_on_when_a_person_says_so_and_reads_again_what_it_held(lane: LaneBench) -> None:
    with pytest.raises(Unavailable):
        await bugs(lane, range(30))
    await lane.book.resume("samples")
    lane.hub = [lane.message(number) for number in range(12)]
    await lane.consume(lane.message(11))
    assert sorted(lane.rejected(), key=int) == ["9", "10", "11"]


async def test_another_build_goes_on_by_itself_and_the_same_one_does_not(lane: LaneBench) -> None:
    with pytest.raises(Unavailable):
        await bugs(lane, range(30))
    with pytest.raises(Unavailable):
        await lane.consume(lane.message(9), by=lane.another_instance("one"))
    await lane.consume(lane.message(9), by=lane.another_instance("two"))
    assert lane.rejected() == ["9"]


async def test_bugs_of_effects_stop_a_lane_as_those_of_policies_do(lane: LaneBench) -> None:
    lane.bench.trouble.performing = [ZeroDivisionError("division by zero") for _ in range(10)]
    with pytest.raises(Unavailable, match="lane samples was stopped"):
        await lane.consume(*(lane.message(number) for number in range(30)))
    (stopped,) = lane.told(LaneStopped)
    assert (stopped.bugs, stopped.reason) == (10, "ZeroDivisionError: division by zero")


@pytest.mark.parametrize("reason", [Refused("no such model"), Unreadable("data: gone")])
async def test_what_is_refused_or_cannot_be_read_never_stops_a_lane(lane: LaneBench, reason: Exception) -> None:
    # What is decided over a guess is asked for again before it is given up.
    lane.bench.trouble.gathering.extend([reason] * 40)
    await lane.consume(*(lane.message(number) for number in range(20)))
    lane.bench.trouble.gathering.clear()
    lane.bench.trouble.performing.extend([reason] * 20)
    await lane.consume(*(lane.message(number) for number in range(20, 40)))
    assert lane.told(LaneStopped) == []
    assert len(lane.told(ActionFailed)) == 40
    assert lane.dead() == []


async def test_while_a_lane_is_stopped_its_waiting_events_wait_on(lane: LaneBench) -> None:
    """They would be given up by the same bugs, one after the other."""
    lane.bench.trouble.gathering = [Unavailable("down")]
    await lane.consume(lane.message(99))
    with pytest.raises(Unavailable):
        await bugs(lane, range(100, 130))
    await lane.bench.sweep()
    waiting = await lane.bench.ledger.first_waiting("sample", registered("99").entity)
    assert waiting
    assert "lane samples was stopped" in waiting.reason
    await lane.book.resume("samples")
    await lane.bench.sweep()
    assert lane.rejected() == ["99"]


async def test_bugs_that_the_sweeper_meets_count_for_the_lane(lane: LaneBench) -> None:
    lane.bench.trouble.gathering = [Unavailable("down") for _ in range(10)]
    await lane.consume(*(lane.message(number) for number in range(10)))
    lane.bench.trouble.gathering = [ZeroDivisionError("division by zero") for _ in range(10)]
    await lane.bench.sweep(timedelta(minutes=2))
    (stopped,) = lane.told(LaneStopped)
    assert stopped.lane == "samples"


async def test_what_cannot_be_read_never_stops_a_lane(lane: LaneBench) -> None:
    await lane.consume(*(lane.message(number, b"garbage") for number in range(100)))
    assert len(lane.dead()) == 100
    assert lane.told(LaneStopped) == []
