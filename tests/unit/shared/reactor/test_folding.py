"""Folding: state and sequence number move together, or not at all (design 1.2)."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory.clock import ManualClock
from shared.adapters.memory.folds import MemoryFolds
from shared.adapters.memory.hubs import MemoryEventPublisher, MemoryHubReader
from shared.events import Envelope, ModelRejected, derive_id
from shared.ports import Folded, Message, Moved
from shared.reactor import Folding, FoldResult, Gaps, Service, State, Wiring
from tests.support.sample_service import registered


class Sum(State):
    total: int = 0


async def add(state: Sum, messages: Sequence[Message], partition: int) -> FoldResult[Sum]:
    """Announces every tenth row."""
    events: list[Envelope[Any]] = []
    for message in messages:
        state = Sum(total=state.total + int(message.body))
        if message.sequence % 10 == 9:
            data = ModelRejected(model=registered().model, reason=str(state.total))
            identity = derive_id(str(partition), str(message.sequence))
            events.append(Envelope.first(data, id=identity, source="/test", time=ManualClock().now()))
    return FoldResult(state, events)


class Rows:
    """Rows 0, 1, 2, ... with their own number as their body."""

    def __init__(self) -> None:
        self.service = Service("sums", lane="samples", state=State)
        self.service.folds_from("predictions", state=Sum, fold=add)
        self.publisher, self.folds = MemoryEventPublisher(), MemoryFolds()
        gaps = Gaps(MemoryHubReader(self.publisher), self.publisher, ManualClock())
        self.folding = Folding(Wiring({}), self.folds, self.publisher, gaps)

    async def fold(self, first: int, last: int) -> None:
        messages = [Message("predictions", 0, n, str(n).encode()) for n in range(first, last)]
        self.publisher.messages["predictions", 0] = [Message("predictions", 0, n, str(n).encode()) for n in range(200)]
        await self.folding.fold(self.service, "predictions", messages)

    async def folded(self) -> Folded:
        return await self.folds.read("sums", "predictions", 0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=8))
async def test_rows_count_once_however_batches_overlap_and_whatever_they_skip(batches: list[tuple[int, int]]) -> None:
    rows = Rows()
    await rows.fold(0, 1)
    for start, length in batches:
        await rows.fold(start, start + length)
    last = max(start + length for start, length in batches) - 1
    folded = await rows.folded()
    assert (folded.state["total"], folded.sequence) == (sum(range(last + 1)), last)
    announced = {envelope.id for envelope in rows.publisher.published["events"]}
    assert len(announced) == (last + 1) // 10


async def test_a_lost_compare_and_swap_folds_again_on_what_won() -> None:
    rows = Rows()
    await rows.fold(0, 5)
    write, lost = rows.folds.write, list[Folded]()

    async def lose_once(service: str, hub: Any, partition: int, folded: Folded) -> None:
        if not lost:
            lost.append(folded)
            raise Moved("another instance was faster")
        await write(service, hub, partition, folded)

    rows.folds.write = lose_once  # type: ignore[method-assign]
    await rows.fold(5, 8)
    assert (await rows.folded()).state["total"] == sum(range(8))
    assert lost


async def test_a_row_that_comes_twice_in_one_batch_counts_once() -> None:
    rows = Rows()
    twice = [Message("predictions", 0, n, str(n).encode()) for n in (0, 1, 1, 3, 2, 2)]
    await rows.folding.fold(rows.service, "predictions", twice)
    folded = await rows.folded()
    assert (folded.state["total"], folded.sequence) == (6, 3)
