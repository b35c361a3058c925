"""A position beyond its hub's end is found and set back; all others are left alone."""

import pytest

from function_app.operator.doctor.checks.positions import check
from function_app.operator.doctor.finding import Finding, Mend
from shared.ports import Moved, Place, Position
from tests.unit.operator.doctor.patients import BEFORE, EPOCH, Parts, words

LANE, FOLD = Place("lifecycle", "events", 0), Place("monitoring", "labels", 1)


def mend_of(finding: Finding) -> Mend:
    assert finding.mend is not None
    return finding.mend


async def test_a_position_at_or_before_the_end_or_of_a_former_hub_is_right(parts: Parts) -> None:
    parts.hold("events", 0, 3)
    await parts.positions.move(LANE, None, Position(EPOCH, 2))
    await parts.positions.move(Place("tell", "events", 0), None, Position(BEFORE, 4711))
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, text.partition("; ")[0]) == ("ok", "2 positions, none beyond its hub's end")
    assert "1 are of a hub that was replaced" in text


async def test_one_beyond_the_end_is_set_back_to_where_the_hub_begins(parts: Parts) -> None:
    parts.hold("events", 0, 3)
    await parts.positions.move(LANE, None, Position(EPOCH, 9))
    right = await parts.positions.move(Place("tell", "events", 0), None, Position(EPOCH, 1))
    (finding,) = await check.look(parts.patient())
    assert (finding.verdict, "stands at 9, and the hub ends at 2" in finding.words) == ("broken", True)
    await mend_of(finding).perform()
    found = await parts.positions.read(LANE)
    assert found is not None
    assert (found.epoch, found.sequence) == (EPOCH, -1)
    assert await parts.positions.read(Place("tell", "events", 0)) == right
    assert [verdict for verdict, _ in words(await check.look(parts.patient()))] == ["ok"]


async def test_a_folds_position_is_set_back_and_its_states_stay(parts: Parts) -> None:
    await parts.folds.write(FOLD, Position(EPOCH, 5), {"flights": b"summed"})
    (finding,) = await check.look(parts.patient())
    assert "monitoring in labels/1 stands at 5" in finding.words
    await mend_of(finding).perform()
    position = await parts.folds.position(FOLD)
    assert position is not None
    assert position.sequence == -1
    assert await parts.folds.states(FOLD, ["flights"]) == {"flights": b"summed"}


async def test_what_moved_since_it_was_looked_at_is_left_alone(parts: Parts) -> None:
    before = await parts.positions.move(LANE, None, Position(EPOCH, 9))
    (finding,) = await check.look(parts.patient())
    moved = await parts.positions.move(LANE, before, Position(EPOCH, 0))
    with pytest.raises(Moved):
        await mend_of(finding).perform()
    assert await parts.positions.read(LANE) == moved
