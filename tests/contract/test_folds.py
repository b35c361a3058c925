"""Every store of folded states writes states and position together, or not at all."""

import asyncio

import pytest

from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.memory import MemoryFolds
from shared.ports import Folds, Moved, Place, Position, Refused
from shared.ports.records.folds import LARGEST_STATE, MOST_BYTES, MOST_ROWS
from tests.contract.conftest import Account
from tests.contract.examples import FAR_AHEAD, LONG_AGO

pytestmark = pytest.mark.azure_untested
PLACE = Place("monitoring", "predictions", 0)


@pytest.fixture
async def folds(place: Account | None) -> Folds:
    return MemoryFolds() if place is None else TableFolds(place.storage.tables, await place.table("folds"))


async def write(folds: Folds, sequence: int, version: str | None = None, /, **states: bytes) -> None:
    await folds.write(PLACE, Position("born", sequence, version), states)


async def present(folds: Folds) -> Position:
    found = await folds.position(PLACE)
    assert found is not None
    return found


async def read(folds: Folds, *keys: str) -> dict[str, bytes]:
    return dict(await folds.states(PLACE, keys))


async def test_nothing_is_folded_at_first(folds: Folds) -> None:
    assert await folds.position(PLACE) is None
    assert await read(folds, "a") == {}
    assert await folds.of("monitoring", "predictions", "a") == {}


async def test_states_come_back_with_the_position_they_were_written_with(folds: Folds) -> None:
    await write(folds, 2**33, None, a=b"\x00\xff", b=b"")
    found = await present(folds)
    assert (found.sequence, found.epoch, found.version is None) == (2**33, "born", False)
    assert await read(folds, "b", "a", "c") == {"a": b"\x00\xff", "b": b""}


async def test_only_what_is_written_changes(folds: Folds) -> None:
    await write(folds, 1, None, a=b"a1", b=b"b1")
    await write(folds, 2, (await present(folds)).version, b=b"b2")
    assert await read(folds, "a", "b") == {"a": b"a1", "b": b"b2"}
    await write(folds, 3, (await present(folds)).version)
    assert (await present(folds)).sequence == 3


async def test_a_key_may_be_any_text(folds: Folds) -> None:
    keys = ["/subscriptions/x|endpoint|fl#ü?ghts", "x" * 2000, "x" * 1999 + "y", "position"]
    await folds.write(Place("monitoring", "labels", 3), Position("", 0), {key: key.encode() for key in keys})
    assert await folds.states(Place("monitoring", "labels", 3), keys) == {key: key.encode() for key in keys}


async def test_a_write_over_an_old_version_is_moved_and_changes_nothing(folds: Folds) -> None:
    await write(folds, 1, None, a=b"1")
    first = await present(folds)
    await write(folds, 2, first.version, a=b"2")
    for stale in (first.version, None):
        with pytest.raises(Moved):
            await write(folds, 9, stale, a=b"9", b=b"9")
    assert ((await present(folds)).sequence, await read(folds, "a", "b")) == (2, {"a": b"2"})


async def test_of_eight_writes_over_one_version_exactly_one_wins(folds: Folds) -> None:
    writes = (write(folds, n, None, a=b"%d" % n) for n in range(8))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Moved] * 7
    assert await read(folds, "a") == {"a": b"%d" % (await present(folds)).sequence}


async def test_a_smaller_state_replaces_a_larger_one_wholly(folds: Folds) -> None:
    large = bytes(range(256)) * (LARGEST_STATE // 256)
    await write(folds, 1, None, a=large)
    assert await read(folds, "a") == {"a": large}
    await write(folds, 2, (await present(folds)).version, a=b"y")
    assert await read(folds, "a") == {"a": b"y"}


async def test_as_much_as_one_step_may_hold_is_written_in_one(folds: Folds) -> None:
    states = {f"endpoint-{n}": bytes([n]) * (MOST_BYTES // MOST_ROWS) for n in range(MOST_ROWS)}
    await folds.write(PLACE, Position("", 1), states)
    assert await folds.states(PLACE, states) == states


@pytest.mark.parametrize(
    ("states", "limit"),
    [
        ({"a": b"x" * (LARGEST_STATE + 1)}, LARGEST_STATE),
        ({f"{n}": b"" for n in range(MOST_ROWS + 1)}, MOST_ROWS),
        ({f"{n}": b"x" * LARGEST_STATE for n in range(4)}, MOST_BYTES),
    ],
    ids=["one state", "rows", "bytes"],
)
async def test_what_exceeds_a_step_is_refused_by_its_limit(folds: Folds, states: dict[str, bytes], limit: int) -> None:
    with pytest.raises(Refused, match=str(limit)):
        await folds.write(PLACE, Position("", 1), states)
    assert (await folds.position(PLACE), await read(folds, *states)) == (None, {})


async def test_the_states_of_one_key_are_found_in_all_partitions_that_were_met(folds: Folds) -> None:
    for partition in (2, 0, 10):
        state = {} if partition == 2 else {"a": b"%d" % partition}
        await folds.write(Place("monitoring", "predictions", partition), Position("", 1), {"b": b"b", **state})
    await folds.write(Place("monitoring", "labels", 1), Position("", 1), {"a": b"labels"})
    await folds.write(Place("instances", "predictions", 1), Position("", 1), {"a": b"instances"})
    found = await folds.of("monitoring", "predictions", "a")
    assert list(found.items()) == [(0, b"0"), (2, None), (10, b"10")]


async def test_a_position_says_when_it_was_written_by_the_stores_clock(folds: Folds) -> None:
    await folds.write(PLACE, Position("then", 1), {})
    written = await folds.position(PLACE)
    assert written is not None
    assert written.written_at is not None
    assert written.written_at.tzinfo is not None


async def test_states_that_nobody_writes_any_more_are_forgotten_and_the_position_stays(folds: Folds) -> None:
    await write(folds, 7, None, a=b"a", b=b"b", c=b"c")
    assert await folds.forget(LONG_AGO, 10) == 0
    assert [await folds.forget(FAR_AHEAD, 2) for _ in range(3)] == [2, 1, 0]
    assert (await read(folds, "a", "b", "c"), (await present(folds)).sequence) == ({}, 7)
    await write(folds, 8, (await present(folds)).version, a=b"again")
    assert await folds.of("monitoring", "predictions", "a") == {0: b"again"}
