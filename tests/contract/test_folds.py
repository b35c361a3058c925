"""Every store of folded states writes state and sequence number together, or not at all."""

import asyncio

import pytest

from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.memory import MemoryFolds
from shared.ports import Folded, Folds, Moved, Refused
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def folds(place: Account | None) -> Folds:
    return MemoryFolds() if place is None else TableFolds(place.storage.tables, await place.table("folds"))


async def test_nothing_is_folded_at_first(folds: Folds) -> None:
    assert await folds.read("monitoring", "predictions", 0) == Folded(state={}, sequence=-1, version=None)


async def test_a_state_comes_back_with_its_sequence_number(folds: Folds) -> None:
    await folds.write("monitoring", "predictions", 0, Folded({"wärme": [1, 2.5, None]}, 2**33))
    found = await folds.read("monitoring", "predictions", 0)
    assert (found.state, found.sequence) == ({"wärme": [1, 2.5, None]}, 2**33)
    assert found.version is not None


async def test_a_write_over_an_old_version_is_moved_and_changes_nothing(folds: Folds) -> None:
    await folds.write("monitoring", "predictions", 0, Folded({"n": 1}, 1))
    first = await folds.read("monitoring", "predictions", 0)
    await folds.write("monitoring", "predictions", 0, Folded({"n": 2}, 2, first.version))
    for stale in (first.version, None):
        with pytest.raises(Moved):
            await folds.write("monitoring", "predictions", 0, Folded({"n": 9}, 9, stale))
    assert (await folds.read("monitoring", "predictions", 0)).sequence == 2


async def test_of_eight_writes_over_one_version_exactly_one_wins(folds: Folds) -> None:
    writes = (folds.write("monitoring", "predictions", 0, Folded({"n": n}, n)) for n in range(8))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Moved] * 7


async def test_a_smaller_state_replaces_a_larger_one_wholly(folds: Folds) -> None:
    await folds.write("monitoring", "predictions", 0, Folded({"text": "x" * 790_000}, 1))
    found = await folds.read("monitoring", "predictions", 0)
    assert found.state == {"text": "x" * 790_000}
    await folds.write("monitoring", "predictions", 0, Folded({"text": "y"}, 2, found.version))
    assert (await folds.read("monitoring", "predictions", 0)).state == {"text": "y"}


async def test_a_state_beyond_the_limit_is_refused(folds: Folds) -> None:
    with pytest.raises(Refused, match="819200"):
        await folds.write("monitoring", "predictions", 0, Folded({"text": "x" * 819_200}, 1))
    assert (await folds.read("monitoring", "predictions", 0)).sequence == -1


async def test_all_partitions_of_a_stream_are_listed(folds: Folds) -> None:
    for partition in (2, 0, 10):
        await folds.write("monitoring", "predictions", partition, Folded({"partition": partition}, partition))
    await folds.write("monitoring", "labels", 0, Folded({}, 1))
    await folds.write("promotion", "predictions", 0, Folded({}, 1))
    found = await folds.all("monitoring", "predictions")
    assert [folded.state for folded in found] == [{"partition": 0}, {"partition": 2}, {"partition": 10}]
