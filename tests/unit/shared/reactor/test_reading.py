"""Whatever a partition leaves out is read back in slices or said to be lost; a hub that begins again is noticed."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory import ManualClock, MemoryEventPublisher, MemoryPositions
from shared.events import EventsLost, HubReplaced
from shared.ports import Extent, Hub, Message, Place, Position
from shared.reactor import reading as reading_module
from shared.reactor.hub_log import missing
from shared.reactor.reading import Reading
from tests.unit.shared.reactor.lane_bench import LaneBench

PLACE = Place("reader", "events", 0)


class HubOf:
    """Holds the numbers `first` to 7."""

    def __init__(self, first: int) -> None:
        self.first, self.asked = first, list[tuple[int, int]]()

    def message(self, sequence: int) -> Message:
        return Message("events", 0, sequence, b"")

    async def read(self, hub: Hub, partition: int, first: int, last: int, group: str = "") -> Sequence[Message]:
        self.asked.append((first, last))
        return [self.message(number) for number in range(max(first, self.first), min(last, 7) + 1)]

    async def held(self, hub: Hub, partition: int) -> range:
        return range(self.first, 8)

    async def epoch(self, hub: Hub) -> str:
        return "then"

    async def extent(self, hub: Hub) -> Extent:
        return Extent("then", {0: range(self.first, 8)})


async def read(reading: Reading, batch: Sequence[Message]) -> list[int]:
    found: list[int] = []
    async for some in reading.slices(PLACE, batch):
        found += [message.sequence for message in some.messages]
        await reading.moved(some, at_once=True)
    return found


async def test_a_gap_is_read_back_before_what_follows_it(lane: LaneBench) -> None:
    lane.hub = [lane.message(n) for n in range(5)]
    await lane.consume(lane.hub[0])
    await lane.consume(lane.hub[4])
    assert lane.rejected() == ["0", "1", "2", "3", "4"]


async def test_what_was_left_out_before_the_very_first_batch_is_read_back_and_nothing_else_missed(
    lane: LaneBench,
) -> None:
    """The hub no longer has number 0: that was before there was this reader."""
    lane.hub = [lane.message(n) for n in (1, 2)]
    await lane.consume(lane.hub[1])
    assert lane.rejected() == ["1", "2"]
    assert lane.told(EventsLost) == []


async def test_what_the_hub_no_longer_has_is_said_to_be_lost(lane: LaneBench) -> None:
    lane.hub = [lane.message(n) for n in (0, 3, 5)]
    await lane.consume(lane.hub[0])
    await lane.consume(lane.hub[2])
    assert [(lost.first, lost.last) for lost in lane.told(EventsLost)] == [(1, 2), (4, 4)]


async def test_a_redelivered_batch_changes_nothing(lane: LaneBench) -> None:
    batch = [lane.message(n) for n in range(3)]
    await lane.consume(*batch)
    await lane.consume(*batch)
    await lane.consume(*batch, by=lane.another_instance())
    assert sorted(lane.rejected()) == ["0", "1", "2"]


@given(
    order=st.permutations(range(8)),
    left_out=st.sets(st.integers(0, 6)),
    gone=st.integers(0, 4),
    last=st.integers(-1, 2),
)
async def test_whatever_a_batch_leaves_out_swaps_or_repeats_comes_once_in_order_or_is_said_to_be_lost(
    order: list[int], left_out: set[int], gone: int, last: int
) -> None:
    """`gone` is the first number that the hub still has, `last` what was handled before; -1 for nothing."""
    present = [number for number in order if number not in left_out]
    hub, publisher, positions = HubOf(gone), MemoryEventPublisher(), MemoryPositions()
    if last >= 0:
        await positions.move(PLACE, None, Position("then", last))
    batch = [hub.message(number) for number in [*present, present[0]]]
    found = await read(Reading(positions, hub, publisher, ManualClock()), batch)
    lost: Any = [envelope.data for envelope in publisher.published["events"]]
    absent = [number for each in lost for number in range(each.first, each.last + 1)]
    assert found == sorted({*(n for n in present if n > last), *range(max(gone, last + 1), 8)})
    begins = last + 1 if last >= 0 else min(found)
    assert sorted([*absent, *(n for n in found if n >= begins)]) == list(range(begins, 8))


async def test_a_long_gap_is_read_in_slices_and_a_crash_keeps_those_that_were_seen_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading_module, "SLICE", 2)
    hub, positions, clock = HubOf(0), MemoryPositions(), ManualClock()
    first = Reading(positions, hub, MemoryEventPublisher(), clock).slices(PLACE, [hub.message(7)])
    some = await anext(first)
    assert [message.sequence for message in some.messages] == [0, 1]
    await positions.move(PLACE, None, Position("then", 1))
    assert await read(Reading(positions, hub, MemoryEventPublisher(), clock), [hub.message(7)]) == [2, 3, 4, 5, 6, 7]
    assert hub.asked == [(0, 1), (2, 3), (4, 5), (6, 6)]


async def test_a_hub_that_begins_again_is_read_from_its_start_and_said(lane: LaneBench) -> None:
    await lane.consume(*(lane.message(number) for number in range(50)))
    lane.since = "2026-06-01T00:00Z"
    lane.hub = [lane.message(number, version=f"new-{number}") for number in range(3)]
    await lane.consume(lane.hub[2])
    assert lane.rejected()[50:] == ["new-0", "new-1", "new-2"]
    (replaced,) = lane.told(HubReplaced)
    assert (replaced.hub, replaced.before, replaced.after) == ("events", "2026-01-01T00:00Z", "2026-06-01T00:00Z")
    assert lane.told(EventsLost) == []
    assert await lane.position() == 2


async def test_a_hub_that_was_replaced_while_nobody_ran_is_noticed_though_it_has_counted_further(
    lane: LaneBench,
) -> None:
    await lane.consume(*(lane.message(number) for number in range(3)))
    lane.since = "2026-06-01T00:00Z"
    lane.hub = [lane.message(number, version=f"new-{number}") for number in range(6)]
    await lane.consume(lane.hub[5], by=lane.another_instance())
    assert lane.rejected()[3:] == [f"new-{number}" for number in range(6)]
    assert len(lane.told(HubReplaced)) == 1


async def test_of_two_instances_at_one_partition_none_moves_the_position_back(lane: LaneBench) -> None:
    one, other = lane.lanes, lane.another_instance()
    lane.hub = [lane.message(number) for number in range(9)]
    await lane.consume(lane.hub[0], by=one)
    await lane.consume(*lane.hub[1:6], by=other)
    await lane.consume(*lane.hub[1:3], by=one)
    assert await lane.position() == 5
    await lane.consume(lane.hub[8], by=one)
    assert await lane.position() == 8
    assert sorted(lane.rejected()) == [str(number) for number in range(9)]


def test_missing_stretches() -> None:
    assert missing({3, 5}, 1, 7) == [(1, 2), (4, 4), (6, 7)]
    assert missing({1}, 1, 1) == []
