"""Every store of positions moves by compare-and-swap, and tells one log from the next."""

import asyncio

import pytest

from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.memory import ManualClock, MemoryPositions
from shared.ports import Moved, Place, Position, Positions
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
PLACE = Place("lifecycle", "events", 0)


@pytest.fixture
async def positions(place: Account | None) -> Positions:
    if place is None:
        return MemoryPositions(ManualClock())
    return TablePositions(place.storage.tables, await place.table("positions"))


async def test_there_is_no_position_before_the_first_message(positions: Positions) -> None:
    assert await positions.read(PLACE) is None


async def test_a_position_moves_from_where_it_was_read(positions: Positions) -> None:
    first = await positions.move(PLACE, None, Position("then", 2**40))
    assert await positions.read(PLACE) == first
    again = await positions.move(PLACE, first, Position("then", 2**40 + 1))
    assert (again.epoch, again.sequence) == ("then", 2**40 + 1)
    with pytest.raises(Moved):
        await positions.move(PLACE, first, Position("then", 2**40 + 2))
    with pytest.raises(Moved):
        await positions.move(PLACE, None, Position("then", 1))


async def test_a_position_says_when_it_was_written_by_the_stores_clock(positions: Positions) -> None:
    await positions.move(PLACE, None, Position("then", 1))
    first = await positions.read(PLACE)
    assert first is not None
    assert first.written_at is not None
    assert first.written_at.tzinfo is not None
    await positions.move(PLACE, first, Position("then", 2))
    second = await positions.read(PLACE)
    assert second is not None
    assert second.written_at is not None
    assert second.written_at >= first.written_at
    assert [position.written_at async for _, position in positions.all()] == [second.written_at]


async def test_a_new_log_begins_at_a_lower_number(positions: Positions) -> None:
    before = await positions.move(PLACE, None, Position("then", 4711))
    await positions.move(PLACE, before, Position("later", 3))
    found = await positions.read(PLACE)
    assert found is not None
    assert (found.epoch, found.sequence) == ("later", 3)


async def test_readers_hubs_and_partitions_have_positions_of_their_own(positions: Positions) -> None:
    await positions.move(PLACE, None, Position("then", 5))
    others = (Place("lifecycle", "events", 1), Place("lifecycle", "labels", 0), Place("tell", "events", 0))
    assert [await positions.read(other) for other in others] == [None, None, None]
    assert [(place, position.sequence) async for place, position in positions.all()] == [(PLACE, 5)]


async def test_of_racing_moves_one_wins(positions: Positions) -> None:
    tries = (positions.move(PLACE, None, Position("then", number)) for number in range(8))
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Position) for each in ended) == 1
    assert sum(isinstance(each, Moved) for each in ended) == 7
