"""The last heartbeat is what is known, with the store's own time beside it."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.azure.storage.heartbeats import TableHeartbeats
from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.memory.heartbeats import MemoryHeartbeats
from shared.ports import Heartbeats
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
async def heartbeats(place: Account | None) -> Heartbeats:
    if place is None:
        return MemoryHeartbeats()
    return TableHeartbeats(place.storage.tables, await place.table("positions"))


async def test_there_is_none_before_the_first(heartbeats: Heartbeats) -> None:
    assert await heartbeats.last() is None


async def test_the_last_one_counts_by_both_clocks(heartbeats: Heartbeats) -> None:
    await heartbeats.beat(NOW, "a build")
    await heartbeats.beat(NOW + timedelta(minutes=5), "another build")
    found = await heartbeats.last()
    assert found is not None
    assert (found.at, found.build) == (NOW + timedelta(minutes=5), "another build")
    assert abs(found.written_at - datetime.now(UTC)) < timedelta(minutes=5)


async def test_it_may_lie_beside_the_positions(place: Account | None) -> None:
    if place is None:
        pytest.skip("the memory adapters share nothing")
    table = await place.table("positions")
    await TableHeartbeats(place.storage.tables, table).beat(NOW, "a build")
    assert [place async for place in TablePositions(place.storage.tables, table).all()] == []
