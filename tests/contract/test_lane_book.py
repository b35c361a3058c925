"""Every book of lanes knows who was there first, and which lane must not go on."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.azure.storage.lane_book import TableLaneBook
from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.memory import MemoryLaneBook
from shared.ports import LaneBook, Place, Position, Stop
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=7)


@pytest.fixture
async def book(place: Account | None) -> LaneBook:
    if place is None:
        return MemoryLaneBook()
    return TableLaneBook(place.storage.tables, await place.table("positions"))


async def test_whoever_runs_at_the_very_first_start_was_there_first(book: LaneBook) -> None:
    assert await book.first_runs(["drift", "staging"], NOW) == {"drift": None, "staging": None}
    assert await book.first_runs(["drift"], LATER) == {"drift": None}


async def test_a_newcomer_is_noted_once_and_keeps_its_time(book: LaneBook) -> None:
    await book.first_runs(["drift"], NOW)
    assert await book.first_runs(["drift", "budget"], NOW) == {"drift": None, "budget": NOW}
    assert await book.first_runs(["drift", "budget"], LATER) == {"drift": None, "budget": NOW}


async def test_instances_that_start_together_agree(book: LaneBook) -> None:
    await book.first_runs(["drift"], NOW)
    starts = (book.first_runs(["budget"], NOW + timedelta(seconds=number)) for number in range(5))
    assert len({found["budget"] for found in await asyncio.gather(*starts)}) == 1


async def test_a_stop_holds_until_it_is_taken_back(book: LaneBook) -> None:
    stop = Stop("a build", NOW, "KeyError: 'window'")
    assert await book.stopped("measurement") is None
    await book.stop("measurement", stop)
    assert await book.stopped("measurement") == stop
    assert await book.stopped("tell") is None
    await book.resume("measurement")
    await book.resume("measurement")
    assert await book.stopped("measurement") is None


async def test_the_book_may_lie_beside_the_positions(place: Account | None) -> None:
    if place is None:
        pytest.skip("the memory adapters share nothing")
    table = await place.table("positions")
    positions, book = TablePositions(place.storage.tables, table), TableLaneBook(place.storage.tables, table)
    await book.first_runs(["drift"], NOW)
    await book.stop("tell", Stop("b", NOW, "r"))
    await positions.move(Place("tell", "events", 0), None, Position("then", 1))
    assert [place async for place, _ in positions.all()] == [Place("tell", "events", 0)]
