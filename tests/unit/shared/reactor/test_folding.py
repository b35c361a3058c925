"""Folding: states and position move together, or not at all (design 1.2)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import EventsLost, HubReplaced, ModelRejected
from shared.ports import Moved, Place, Position, Unavailable
from shared.ports.records.folds import MOST_ROWS
from shared.reactor import FoldResult, Row, State
from tests.support.faulty import Crash
from tests.unit.shared.reactor.sums import Sums, entity, labels


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=8))
async def test_rows_count_once_however_batches_overlap_and_whatever_they_skip(batches: list[tuple[int, int]]) -> None:
    sums = Sums()
    sums.hold(*(labels(n) for n in range(200)))
    await sums.fold(labels(0))
    for start, length in batches:
        await sums.fold(*(labels(n) for n in range(start, start + length)))
    last = max(start + length for start, length in batches) - 1
    assert (await sums.total(), (await sums.position()).sequence) == (sum(range(last + 1)), last)
    assert len(sums.said(ModelRejected)) == (last + 1) // 10


async def test_a_lost_compare_and_swap_folds_again_on_what_won() -> None:
    sums = Sums()
    await sums.fold(*map(labels, range(5)))
    write, lost = sums.folds.write, list[Position]()

    async def lose_once(place: Place, position: Position, states: Mapping[str, bytes]) -> None:
        if not lost:
            lost.append(position)
            raise Moved("another instance was faster")
        await write(place, position, states)

    sums.folds.write = lose_once  # type: ignore[method-assign]
    await sums.fold(*map(labels, range(5, 8)))
    assert await sums.total() == sum(range(8))
    assert lost


async def test_a_row_that_comes_twice_in_one_batch_counts_once() -> None:
    sums = Sums()
    sums.hold(*map(labels, range(4)))
    await sums.fold(*map(labels, (0, 1, 1, 3, 2, 2)))
    assert (await sums.total(), (await sums.position()).sequence) == (6, 3)


async def test_each_endpoint_has_a_state_of_its_own() -> None:
    sums = Sums()
    await sums.fold(*(labels(n, "ab"[n % 2]) for n in range(6)))
    assert (await sums.total("a"), await sums.total("b")) == (0 + 2 + 4, 1 + 3 + 5)


async def test_a_batch_reads_and_writes_the_rows_that_it_touches_and_no_others() -> None:
    sums = Sums()
    await sums.fold(*(labels(n, f"endpoint-{n}") for n in range(50)))
    touched: list[set[str]] = []
    read, write = sums.folds.states, sums.folds.write

    async def reading(place: Place, keys: Any) -> Mapping[str, bytes]:
        touched.append(set(keys))
        return await read(place, keys)

    async def writing(place: Place, position: Position, states: Mapping[str, bytes]) -> None:
        touched.append(set(states))
        await write(place, position, states)

    sums.folds.states, sums.folds.write = reading, writing  # type: ignore[method-assign]
    await sums.fold(labels(50, "endpoint-7"))
    assert touched == [{str(entity("endpoint-7"))}] * 2


@settings(max_examples=25)
@given(st.data())
async def test_more_endpoints_than_one_step_may_write_are_folded_step_by_step_whatever_is_killed(data: Any) -> None:
    sums, endpoints = Sums(), MOST_ROWS * 2 + 30
    batch = [labels(n, f"endpoint-{n % endpoints}") for n in range(endpoints + 40)]
    sums.hold(*batch)
    for _ in range(4):
        sums.faults.crash_in = data.draw(st.integers(0, 40))
        with suppress(Crash):
            await sums.fold(*batch)
        sums.restart()
    await sums.fold(*batch)
    totals = [await sums.total(f"endpoint-{n}") for n in range(endpoints)]
    assert totals == [n + (n + endpoints if n < 40 else 0) for n in range(endpoints)]
    assert len(sums.said(ModelRejected)) == (endpoints + 40) // 10


class Wide(State):
    text: str = ""


async def widen(state: Wide, rows: Sequence[Row]) -> FoldResult[Wide]:
    """Grows to 500 KB that do not compress, at once."""
    digits = "".join(f"{(n * 2654435761 + rows[0].sequence) % 2**32:08x}" for n in range(125_000))
    return FoldResult(Wide(text=state.text or digits))


async def test_states_that_do_not_fit_into_one_step_are_cut_at_a_message() -> None:
    sums = Sums(widen, Wide)
    await sums.fold(*(labels(n, f"endpoint-{n}") for n in range(8)))
    assert (await sums.position()).sequence == 7
    assert {len((await sums.state(f"endpoint-{n}", Wide)).text) for n in range(8)} == {1_000_000}
    assert sums.buried() == {}


async def test_a_hub_that_begins_again_is_read_from_its_start_and_that_is_said() -> None:
    sums = Sums()
    sums.hubs.epoch = "old"
    await sums.fold(*(labels(n, value=1) for n in range(1000)))
    sums.hubs.epoch = "new"
    sums.hold(*(labels(n, value=1) for n in range(900)))
    for start in range(300, 900, 100):
        await sums.fold(*(labels(n, value=1) for n in range(start, start + 100)))
    assert await sums.total() == 1900
    (told,) = sums.said(HubReplaced)
    assert (told.hub, told.partition, told.before, told.after) == ("labels", 0, "old", "new")
    assert ((await sums.position()).sequence, (await sums.position()).epoch) == (899, "new")


async def test_a_repeat_of_the_same_log_is_no_new_one() -> None:
    sums = Sums()
    await sums.fold(*map(labels, range(10)))
    await sums.fold(*map(labels, range(5)))
    assert (await sums.total(), sums.said(HubReplaced)) == (45, [])


async def test_a_new_log_that_has_outrun_the_old_one_is_recognised_by_the_gap() -> None:
    sums = Sums()
    await sums.fold(*(labels(n, value=1) for n in range(10)))
    sums.hubs.epoch = "new"
    sums.hold(*(labels(n, value=1) for n in range(40)))
    await sums.fold(*(labels(n, value=1) for n in range(30, 40)))
    assert await sums.total() == 10 + 40


async def test_a_gap_is_read_back_in_slices_and_what_was_read_is_kept() -> None:
    sums = Sums(slice=7)
    await sums.fold(labels(0))
    sums.hold(*map(labels, range(100)))
    # Of the reader, the store and the publisher: so many steps, then no more.
    sums.faults.crash_in = 40
    with pytest.raises(Crash):
        await sums.fold(labels(99))
    kept = (await sums.position()).sequence
    assert 0 < kept < 98
    sums.restart()
    await sums.fold(labels(99))
    assert await sums.total() == sum(range(100))
    assert sums.said(EventsLost) == []


async def test_what_the_hub_no_longer_has_is_said_once_as_one_stretch() -> None:
    sums = Sums(slice=7)
    await sums.fold(labels(0))
    sums.hold(*map(labels, range(1_000_000, 1_000_020)))
    await sums.fold(*map(labels, range(1_000_015, 1_000_020)))
    (lost,) = sums.said(EventsLost)
    assert (lost.first, lost.last) == (1, 999_999)
    assert await sums.total() == sum(range(1_000_000, 1_000_020))


async def test_what_a_fold_never_had_is_not_lost() -> None:
    sums = Sums()
    sums.hold(*map(labels, range(50, 60)))
    await sums.fold(labels(59))
    assert (await sums.total(), sums.said(EventsLost)) == (sum(range(50, 60)), [])


@pytest.mark.parametrize("port", ["MemoryFolds", "MemoryEventPublisher", "MemoryHubReader"])
async def test_storage_and_hubs_that_are_down_hold_the_partition(port: str) -> None:
    sums = Sums()
    sums.hold(*map(labels, range(20)))
    sums.faults.down[port] = "before"
    with pytest.raises(Unavailable):
        await sums.fold(*map(labels, range(9, 20)))
    assert (await sums.position()).sequence < 9
    sums.faults.down.clear()
    await sums.fold(*map(labels, range(9, 20)))
    assert (await sums.total(), sums.buried()) == (sum(range(20)), {})
