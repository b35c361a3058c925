"""What became of effects is written once, under the lease, and chained when the decision settles (F9 of the audit)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.memory.ledger import MemoryLedger
from shared.ports import Entry, Head, Lease, Mark, Moved, Progress, Refused, Unavailable
from shared.reactor import Handled
from shared.reactor.recording import link
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

ENTITY = registered().entity


class Counting(MemoryLedger):
    """Says which calls were made, and loses the answers to some."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.calls: list[str] = []
        self.lost: list[str] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)

    def _answer[T](self, name: str, answer: T) -> T:
        if name in self.lost:
            self.lost.remove(name)
            raise Moved(f"{name}: the SDK tried again what had been done")
        return answer

    async def head(self, *given: Any) -> Head:
        self._called("head")
        return await super().head(*given)

    async def find(self, *given: Any) -> Progress | None:
        self._called("find")
        return await super().find(*given)

    async def record(self, entry: Entry, head: Head, lease: Lease | None) -> Progress:
        self._called("record")
        return self._answer("record", await super().record(entry, head, lease))

    async def lease(self, progress: Progress, lease: Lease) -> Progress | None:
        self._called("lease")
        return await super().lease(progress, lease)

    async def mark(self, progress: Progress, marks: Mapping[int, Mark], lease: Lease) -> Progress:
        self._called("mark")
        return self._answer("mark", await super().mark(progress, marks, lease))

    async def settle(self, progress: Progress, marks: Mapping[int, Mark], link: str) -> Progress:
        self._called("settle")
        return self._answer("settle", await super().settle(progress, marks, link))


@pytest.fixture
def counting(bench: Bench) -> Counting:
    bench.ledger = Counting(bench.clock)
    bench.reactor = bench.another_instance("one")
    return bench.ledger


async def test_three_effects_are_five_calls(bench: Bench, counting: Counting) -> None:
    await bench.handle()
    assert counting.calls == ["head", "record", "mark", "mark", "settle"]


async def test_the_next_decision_of_a_settled_chain_does_not_ask_for_the_last(bench: Bench, counting: Counting) -> None:
    await bench.handle()
    counting.calls.clear()
    await bench.handle(id="e2", by=bench.another_instance("two"))
    assert "find" not in counting.calls


@pytest.mark.parametrize("lost", ["record", "mark", "settle"])
async def test_an_answer_that_was_lost_doubles_nothing(bench: Bench, counting: Counting, lost: str) -> None:
    counting.lost = [lost]
    assert await bench.handle() in (Handled.SETTLED, Handled.DUPLICATE)
    assert len(bench.trouble.performed) == len(set(bench.trouble.performed)) == 2
    assert len(bench.published()) == 1
    found = await counting.find("sample", ENTITY, "e1")
    assert found
    assert found.settled


async def test_a_late_refusal_never_replaces_performed(bench: Bench) -> None:
    """Another instance took the lease over and saw all of it through while the first hung in its effect."""
    other = bench.another_instance("two")

    taken: list[Handled] = []
    perform = bench.trouble.perform

    def slow(key: str) -> None:
        if not taken:
            taken.append(Handled.PENDING)
            raise Refused("late")
        perform(key)

    bench.trouble.perform = slow  # type: ignore[method-assign]
    mark = bench.ledger.mark

    async def overtaken(progress: Progress, marks: Mapping[int, Mark], lease: Lease) -> Progress:
        bench.ledger.mark = mark  # type: ignore[method-assign]
        bench.clock.advance(timedelta(seconds=11))
        assert await bench.handle(by=other) is Handled.SETTLED
        return await mark(progress, marks, lease)

    bench.ledger.mark = overtaken  # type: ignore[method-assign]
    assert await bench.handle() is Handled.DUPLICATE
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    assert {mark.outcome for mark in found.marks.values()} == {"performed"}
    assert [type(event).__name__ for event in bench.published()] == ["ModelRejected"]


async def test_the_next_entry_follows_what_became_of_the_effects(bench: Bench) -> None:
    bench.trouble.performing = [Refused("no such bell")]
    await bench.handle(id="e1")
    await bench.handle(id="e2")
    first, second = [each async for each in bench.ledger.entries("sample", ENTITY)]
    assert second.entry.previous == link(first.entry, first.marks) != first.entry.hash
    changed = {**first.marks, 0: Mark("performed")}
    assert link(first.entry, changed) != second.entry.previous
    assert link(first.entry, {0: replace(first.marks[0], reason="other words")}) != second.entry.previous


async def test_an_event_of_a_settled_chain_is_decided_whatever_the_last_event_was(bench: Bench) -> None:
    """A newer build decided about a type that this one does not know; it is settled, so nobody need read it."""
    await bench.handle(id="e1")
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    found.entry.event.update(type="mlops.thing.invented")  # type: ignore[attr-defined]
    assert await bench.handle(id="e2") is Handled.SETTLED


async def test_an_open_decision_of_a_newer_build_is_waited_for(bench: Bench) -> None:
    bench.trouble.performing = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await bench.handle(id="e1")
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    known = found.entry.event["type"]
    found.entry.event.update(type="mlops.thing.invented")  # type: ignore[attr-defined]
    bench.clock.advance(timedelta(seconds=11))
    assert await bench.handle(id="e2") is Handled.PENDING
    for _ in range(3):
        await bench.sweep(timedelta(minutes=10))
    assert [type(event).__name__ for event in bench.published()] == ["ActionPending"]
    found.entry.event.update(type=known)  # type: ignore[attr-defined]
    await bench.sweep()
    assert [type(event).__name__ for event in bench.published()[1:]] == ["ModelRejected", "ModelRejected"]


async def test_what_was_decided_already_is_never_given_up_because_deciding_fails(bench: Bench) -> None:
    await bench.handle(id="e1")
    await bench.handle(id="e2")
    for trouble in (Unavailable("down"), Refused("no"), ZeroDivisionError()):
        bench.trouble.gathering = [trouble]
        assert await bench.handle(id="e1") is Handled.DUPLICATE
    assert (await bench.ledger.head("sample", ENTITY)).waiting == 0


async def test_what_cannot_be_announced_waits_and_spoils_nobody(bench: Bench) -> None:
    bench.trouble.performing = [Refused("x" * 3_000_000)]
    publish = bench.publisher.publish

    async def refuses(*given: Any) -> None:
        raise Refused("the message is too large")

    bench.publisher.publish = refuses  # type: ignore[method-assign, assignment]
    assert await bench.handle(id="e1") is Handled.PENDING
    bench.publisher.publish = publish  # type: ignore[method-assign]
    await bench.sweep()
    (failed,) = bench.published()
    assert len(getattr(failed, "reason", "")) == 2000
    assert await bench.handle(id="e2") is Handled.SETTLED
