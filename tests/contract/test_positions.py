"""Every store of positions moves forwards only."""

import asyncio

import pytest

from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.memory import MemoryPositions
from shared.ports import Positions
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def positions(place: Account | None) -> Positions:
    if place is None:
        return MemoryPositions()
    return TablePositions(place.storage.tables, await place.table("positions"))


async def test_there_is_no_position_before_the_first_message(positions: Positions) -> None:
    assert await positions.last("drift", "events", 0) is None


async def test_a_position_moves_forwards_and_never_back(positions: Positions) -> None:
    seen = []
    for sequence in (0, 2**40, 7, 2**40 + 1):
        await positions.advance("drift", "events", 0, sequence)
        seen.append(await positions.last("drift", "events", 0))
    assert seen == [0, 2**40, 2**40, 2**40 + 1]


async def test_services_hubs_and_partitions_have_positions_of_their_own(positions: Positions) -> None:
    await positions.advance("drift", "events", 0, 5)
    assert await positions.last("drift", "events", 1) is None
    assert await positions.last("drift", "labels", 0) is None
    assert await positions.last("staging", "events", 0) is None


async def test_of_racing_advances_the_highest_stands(positions: Positions) -> None:
    await asyncio.gather(*(positions.advance("drift", "events", 0, sequence) for sequence in (3, 8, 1, 6, 2, 7, 5, 4)))
    assert await positions.last("drift", "events", 0) == 8
