"""A lane that was stopped, and one that stands still while something lies before it."""

from datetime import timedelta

from function_app.operator.doctor.checks.lanes import check
from shared.ports import HostCheckpoint, Place, Position, Stop
from tests.support.builders import NOW
from tests.unit.operator.doctor.patients import BEFORE, EPOCH, Parts, words

LANE = Place("lifecycle", "events", 0)
LONG_AGO = NOW - timedelta(minutes=12)


def delivered(parts: Parts, sequence: int) -> None:
    parts.host.write(HostCheckpoint("events", "lifecycle", 0, sequence, NOW, "1"))


async def test_a_stopped_lane_names_the_command_that_lets_it_go_on(parts: Parts) -> None:
    await parts.lanes.stop("measurement", Stop("build-42", NOW, "KeyError"))
    (finding,) = await check.look(parts.patient())
    assert (finding.verdict, finding.words) == ("broken", "lane measurement was stopped at 03-02 09:00:00: KeyError")
    assert finding.repair.startswith("sluice lanes resume measurement --reason")


async def test_one_that_stands_still_is_broken(parts: Parts) -> None:
    parts.hold("events", 0, 5, since=LONG_AGO)
    await parts.positions.move(LANE, None, Position(EPOCH, 1))
    delivered(parts, 1)
    assert words(await check.look(parts.patient())) == [
        ("broken", "lifecycle in events/0 is 3 messages behind, the first of 12 min ago")
    ]


async def test_one_that_was_never_told_of_a_new_hub_is_broken_by_all_that_it_holds(parts: Parts) -> None:
    parts.hold("events", 0, 5, since=LONG_AGO)
    await parts.positions.move(LANE, None, Position(BEFORE, 4711))
    ((_, text),) = words(await check.look(parts.patient()))
    assert "is 5 messages behind" in text


async def test_whatever_the_host_has_passed_a_position_that_stands_is_broken(parts: Parts) -> None:
    """The host moves on after a few tries: its checkpoint says nothing about what was handled."""
    parts.hold("events", 0, 5, since=LONG_AGO)
    await parts.positions.move(LANE, None, Position(EPOCH, 1))
    delivered(parts, 4)
    assert [verdict for verdict, _ in words(await check.look(parts.patient()))] == ["broken"]
    assert [verdict for verdict, _ in words(await check.look(parts.patient(host=None)))] == ["broken"]


async def test_what_came_just_now_is_well(parts: Parts) -> None:
    parts.hold("events", 0, 5, since=NOW - timedelta(seconds=2))
    await parts.positions.move(LANE, None, Position(EPOCH, 1))
    assert [verdict for verdict, _ in words(await check.look(parts.patient()))] == ["ok"]
