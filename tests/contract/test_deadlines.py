"""Every store of deadlines gives each of them once, at its latest time."""

import asyncio
from dataclasses import replace

import pytest

from shared.adapters.azure.storage.deadlines import TableDeadlines
from shared.adapters.memory import MemoryDeadlines
from shared.ports import Deadline, Deadlines
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, NOON, minutes

pytestmark = pytest.mark.azure_untested
DEADLINE = Deadline("staging", ENTITY, "job/ends #1", NOON, "event-1", "chain-1")


@pytest.fixture
async def deadlines(place: Account | None) -> Deadlines:
    if place is None:
        return MemoryDeadlines()
    return TableDeadlines(place.storage.tables, await place.table("deadlines"))


async def test_a_deadline_is_due_from_its_moment_on(deadlines: Deadlines) -> None:
    await deadlines.set(DEADLINE)
    assert await deadlines.due(minutes(-0.001)) == []
    assert await deadlines.due(NOON) == [DEADLINE]
    assert await deadlines.due(minutes(60)) == [DEADLINE]


async def test_setting_it_again_moves_it(deadlines: Deadlines) -> None:
    for moved in (minutes(10), minutes(5), minutes(5)):
        await deadlines.set(replace(DEADLINE, at=moved))
    assert await deadlines.due(minutes(4)) == []
    assert await deadlines.due(minutes(60)) == [replace(DEADLINE, at=minutes(5))]


async def test_a_cleared_deadline_is_gone(deadlines: Deadlines) -> None:
    await deadlines.set(DEADLINE)
    await deadlines.clear([DEADLINE])
    await deadlines.clear([DEADLINE])
    assert await deadlines.due(minutes(60)) == []
    await deadlines.set(DEADLINE)
    assert await deadlines.due(minutes(60)) == [DEADLINE]


async def test_clearing_leaves_one_that_was_moved_meanwhile(deadlines: Deadlines) -> None:
    await deadlines.set(DEADLINE)
    await deadlines.set(replace(DEADLINE, at=minutes(5)))
    await deadlines.clear([DEADLINE])
    assert await deadlines.due(minutes(60)) == [replace(DEADLINE, at=minutes(5))]


async def test_the_earliest_come_first_and_no_more_than_asked_for(deadlines: Deadlines) -> None:
    for minute in (7, 3, 9, 1, 5, 8, 2, 6, 4):
        await deadlines.set(replace(DEADLINE, key=f"key-{minute}", at=minutes(minute)))
    due = await deadlines.due(minutes(8), limit=4)
    assert [deadline.key for deadline in due] == ["key-1", "key-2", "key-3", "key-4"]


async def test_services_and_keys_of_one_entity_are_told_apart(deadlines: Deadlines) -> None:
    several = [DEADLINE, replace(DEADLINE, key="other"), replace(DEADLINE, service="drift")]
    for deadline in several:
        await deadlines.set(deadline)
    await deadlines.clear(several[:1])
    assert {(each.service, each.key) for each in await deadlines.due(NOON)} == {
        ("staging", "other"),
        ("drift", "job/ends #1"),
    }


async def test_of_racing_sets_exactly_one_time_remains(deadlines: Deadlines) -> None:
    await asyncio.gather(*(deadlines.set(replace(DEADLINE, at=minutes(minute))) for minute in range(8)))
    due = await deadlines.due(minutes(60))
    assert len(due) == 1
    await deadlines.clear(due)
    assert await deadlines.due(minutes(60)) == []


async def test_many_are_cleared_but_for_those_that_were_moved_or_cleared_meanwhile(deadlines: Deadlines) -> None:
    several = [replace(DEADLINE, key=f"key-{number:03d}", at=minutes(number / 1000)) for number in range(130)]
    for deadline in several:
        await deadlines.set(deadline)
    await deadlines.set(replace(several[7], at=minutes(5)))
    await deadlines.clear(several[100:101])
    await deadlines.clear(several)
    assert await deadlines.due(minutes(60), limit=200) == [replace(several[7], at=minutes(5))]
