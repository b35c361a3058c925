"""Batches of a hub partition: gaps, garbage, bugs and outages (design 1.4; F23, U01, U02)."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory import ManualClock, MemoryEventPublisher
from shared.adapters.memory.letter_bodies import MemoryLetterBodies
from shared.adapters.memory.positions import MemoryPositions
from shared.events import DeadLettered, DriftCleared, EndpointRef, EventsLost, ModelRejected, PackageRef, encode
from shared.ports import Hub, Message, Unavailable
from shared.reactor import DeadLetters, Gaps, Streams
from shared.reactor.streams import missing
from tests.support.sample_service import WORKSPACE, registered
from tests.unit.shared.reactor.bench import Bench


class Stream:
    """Hub `events` with one partition of the sample service's messages."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.positions, self.bodies = bench, MemoryPositions(), MemoryLetterBodies()
        self.hub: list[Message] = []
        reader: Any = self
        gaps = Gaps(reader, bench.publisher, bench.clock)
        letters = DeadLetters(bench.publisher, self.bodies, bench.clock)
        self.streams = Streams(bench.reactor, self.positions, gaps, letters)

    async def read(self, hub: str, partition: int, first: int, last: int) -> Sequence[Message]:
        return [message for message in self.hub if first <= message.sequence <= last]

    def message(self, sequence: int, body: bytes | None = None, hub: str = "events") -> Message:
        envelope = self.bench.envelope(registered(str(sequence)), id=f"e{sequence}")
        return Message(hub, 0, sequence, encode(envelope) if body is None else body)

    async def consume(self, *messages: Message) -> None:
        await self.streams.consume(self.bench.service, "events", messages)

    def rejected(self) -> list[str]:
        return [event.model.version for event in self.bench.published() if isinstance(event, ModelRejected)]

    def dead(self) -> list[DeadLettered]:
        return [envelope.data for envelope in self.bench.publisher.published["dead-letter"]]


class Hub8:
    """Holds the numbers `first` to 7."""

    def __init__(self, first: int) -> None:
        self._first = first

    def message(self, sequence: int) -> Message:
        return Message("events", 0, sequence, b"")

    async def read(self, hub: Hub, partition: int, first: int, last: int) -> Sequence[Message]:
        return [self.message(number) for number in range(max(first, self._first), min(last, 7) + 1)]

    async def epoch(self, hub: Hub) -> str:
        return "2026-03-02T09:00:00+00:00"


@pytest.fixture
def stream(bench: Bench) -> Stream:
    return Stream(bench)


async def test_garbage_is_kept_with_its_reason_and_harms_nothing_else(stream: Stream) -> None:
    await stream.consume(stream.message(0), stream.message(1, b"\xff{"), stream.message(2))
    assert sorted(stream.rejected()) == ["0", "2"]
    (letter,) = stream.dead()
    assert (letter.sequence, letter.reason.split(":")[0]) == (1, "body")
    assert await stream.bodies.read(letter.body) == b"\xff{"


async def test_a_type_that_the_hub_may_not_carry_is_unreadable(stream: Stream) -> None:
    await stream.consume(stream.message(0, hub="decisions"))
    assert stream.rejected() == []
    assert "may not carry" in stream.dead()[0].reason


async def test_a_bug_is_kept_with_its_traceback_and_the_partition_goes_on(stream: Stream) -> None:
    stream.bench.trouble.gathering = [ZeroDivisionError("oops")]
    await stream.consume(stream.message(0), stream.message(1))
    assert len(stream.rejected()) == 1
    assert "ZeroDivisionError: oops" in stream.dead()[0].reason


async def test_a_policy_that_publishes_what_it_did_not_declare_is_a_bug(stream: Stream) -> None:
    package = PackageRef(model=registered().model, digest="0" * 64)
    event = DriftCleared(endpoint=EndpointRef(workspace=WORKSPACE, name="e"), package=package, signal="data")
    await stream.consume(stream.message(0, encode(stream.bench.envelope(event))))
    assert "Undeclared" in stream.dead()[0].reason


async def test_a_gap_is_read_back_before_what_follows_it(stream: Stream) -> None:
    stream.hub = [stream.message(n) for n in range(5)]
    await stream.consume(stream.hub[0])
    await stream.consume(stream.hub[4])
    assert sorted(stream.rejected()) == ["0", "1", "2", "3", "4"]


async def test_what_was_left_out_before_the_very_first_batch_is_read_back_and_nothing_else_missed(
    stream: Stream,
) -> None:
    """The hub no longer has number 0: that was before there was this reader."""
    stream.hub = [stream.message(n) for n in (1, 2)]
    await stream.consume(stream.hub[1])
    assert sorted(stream.rejected()) == ["1", "2"]
    assert [event for event in stream.bench.published() if isinstance(event, EventsLost)] == []


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
    known, publisher = None if last < 0 else last, MemoryEventPublisher()
    hub = Hub8(gone)
    batch = [hub.message(number) for number in [*present, present[0]]]
    found = [each.sequence for each in await Gaps(hub, publisher, ManualClock()).close("s", "events", known, batch)]
    lost = [envelope.data for envelope in publisher.published["events"]]
    absent = [number for each in lost for number in range(each.first, each.last + 1)]
    assert found == sorted({*present, *(n for n in range(max(gone, last + 1), 8))})
    begins = last + 1 if known is not None else min(found)
    assert sorted([*absent, *(n for n in found if n >= begins)]) == list(range(begins, 8))


async def test_what_the_hub_no_longer_has_is_said_to_be_lost(stream: Stream) -> None:
    stream.hub = [stream.message(n) for n in (0, 3, 5)]
    await stream.consume(stream.hub[0])
    await stream.consume(stream.hub[2])
    lost = [(e.first, e.last) for e in stream.bench.published() if isinstance(e, EventsLost)]
    assert lost == [(1, 2), (4, 4)]


async def test_a_batch_after_which_nothing_could_be_written_is_not_passed(stream: Stream) -> None:
    async def broken(*_: object) -> None:
        raise Unavailable("tables are down")

    stream.bench.ledger.head = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(ExceptionGroup):
        await stream.consume(stream.message(0))
    assert await stream.positions.last("sample", "events", 0) is None


async def test_a_redelivered_batch_changes_nothing(stream: Stream) -> None:
    batch = [stream.message(n) for n in range(3)]
    await stream.consume(*batch)
    await stream.consume(*batch)
    assert sorted(stream.rejected()) == ["0", "1", "2"]


def test_missing_stretches() -> None:
    assert missing({3, 5}, 1, 7) == [(1, 2), (4, 4), (6, 7)]
    assert missing({1}, 1, 1) == []
