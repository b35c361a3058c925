"""What a process remembers of a chain saves calls, and never an order, a decision or an event (ADR 0024)."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.memory.ledger import MemoryLedger
from shared.ports import Entry, Head, Lease, Mark, Progress, Unavailable
from shared.reactor import Handled, is_intact, performing
from shared.reactor.deciding import Case
from shared.reactor.heads import Heads
from shared.reactor.recording import link
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

ENTITY = registered().entity


class Heard(MemoryLedger):
    """Says which calls were made."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.calls: list[str] = []

    async def head(self, *given: Any) -> Head:
        self.calls.append("head")
        return await super().head(*given)

    async def find(self, *given: Any) -> Progress | None:
        self.calls.append("find")
        return await super().find(*given)

    async def record(self, entry: Entry, head: Head, lease: Lease | None) -> Progress:
        self.calls.append("record")
        return await super().record(entry, head, lease)

    async def settle(self, progress: Progress, marks: Mapping[int, Mark], link: str) -> Progress:
        self.calls.append("settle")
        return await super().settle(progress, marks, link)


@pytest.fixture
def heard(bench: Bench) -> Heard:
    bench.ledger = Heard(bench.clock)
    bench.reactor = bench.another_instance("one")
    return bench.ledger


async def reasons(bench: Bench) -> list[str]:
    """Numbers that the policy gave, in the order of the chain: each follows from the state before it."""
    entries = [progress.entry async for progress in bench.ledger.entries("sample", ENTITY)]
    return [entry.effects[1]["data"]["event"]["data"]["reason"] for entry in entries]


async def order(bench: Bench) -> list[str]:
    return [progress.entry.event_id async for progress in bench.ledger.entries("sample", ENTITY)]


async def verified(bench: Bench) -> None:
    previous = ""
    async for progress in bench.ledger.entries("sample", ENTITY):
        assert is_intact(progress.entry)
        assert progress.settled
        assert progress.entry.previous == previous
        previous = link(progress.entry, progress.marks)


async def test_a_chain_that_this_process_wrote_last_is_not_read(bench: Bench, heard: Heard) -> None:
    await bench.handle(id="e1")
    heard.calls.clear()
    await bench.handle(id="e2")
    assert set(heard.calls) == {"record", "settle"}
    assert await reasons(bench) == ["number 1", "number 2"]


async def test_where_an_event_began_a_chain_the_next_of_its_type_is_thought_to(bench: Bench, heard: Heard) -> None:
    await bench.handle(registered("1"), id="e1")
    heard.calls.clear()
    await bench.handle(registered("2"), id="e2")
    assert set(heard.calls) == {"record", "settle"}


async def test_a_chain_that_has_begun_elsewhere_is_read_after_one_wrong_guess(bench: Bench, heard: Heard) -> None:
    await bench.handle(registered("1"), id="e1", by=bench.another_instance("two"))
    await bench.handle(registered("2"), id="e2")
    assert await bench.handle(registered("1"), id="e3") is Handled.SETTLED
    assert await reasons(bench) == ["number 1", "number 2"]


async def test_two_instances_that_take_turns_decide_over_each_others_states(bench: Bench) -> None:
    other = bench.another_instance("two")
    for number in range(6):
        await bench.handle(id=f"e{number}", by=(bench.reactor, other)[number % 2])
    assert await reasons(bench) == [f"number {number + 1}" for number in range(6)]
    await verified(bench)


async def test_an_event_that_another_instance_decided_meanwhile_is_not_decided_again(bench: Bench) -> None:
    other = bench.another_instance("two")
    await bench.handle(id="e1")
    await bench.handle(id="e2", by=other)
    await bench.handle(id="e3", by=other)
    assert await bench.handle(id="e2") is Handled.DUPLICATE
    assert await order(bench) == ["e1", "e2", "e3"]
    assert len(bench.trouble.performed) == 6


async def test_what_another_instance_let_wait_is_not_overtaken(bench: Bench) -> None:
    await bench.handle(id="e1")
    bench.trouble.gathering = [Unavailable("down")]
    assert await bench.handle(id="e2", by=bench.another_instance("two")) is Handled.PENDING
    assert await bench.handle(id="e3") is Handled.PENDING
    await bench.sweep()
    assert await order(bench) == ["e1", "e2", "e3"]


async def test_what_begins_to_wait_while_a_decision_is_performed_is_not_overtaken(bench: Bench) -> None:
    """The head changes between recording and settling: what is kept of it would hide the queue."""

    ledger, settle = bench.ledger, bench.ledger.settle

    async def settled(progress: Progress, marks: Mapping[int, Mark], link: str) -> Progress:
        if progress.entry.event_id == "e1":
            await bench.reactor.postpone(bench.service, bench.envelope(registered(), "e2"), "no time")
        return await settle(progress, marks, link)

    ledger.settle = settled  # type: ignore[method-assign]
    assert await bench.handle(id="e1") is Handled.SETTLED
    assert await bench.handle(id="e3") is Handled.PENDING
    await bench.sweep()
    assert await order(bench) == ["e1", "e2", "e3"]


async def test_a_bug_over_a_guess_is_looked_at_again_over_the_chain(bench: Bench) -> None:
    """Nothing is buried because this process was behind."""
    other = bench.another_instance("two")
    await bench.handle(id="e1")
    await bench.handle(id="e2", by=other)
    bench.trouble.gathering = [KeyError("a state that is over")]
    assert await bench.handle(id="e3") is Handled.SETTLED
    assert await reasons(bench) == ["number 1", "number 2", "number 3"]


async def test_a_bug_over_what_was_read_is_still_a_bug(bench: Bench) -> None:
    await bench.handle(id="e1")
    bench.trouble.gathering = [KeyError("once"), KeyError("twice")]
    with pytest.raises(KeyError, match="twice"):
        await bench.handle(id="e2")


async def test_a_ledger_that_was_restored_from_before_is_followed(bench: Bench) -> None:
    """The process lives on while its tables are those of an hour ago."""
    await bench.handle(id="e1")
    bench.ledger._chains.clear()
    assert await bench.handle(id="e2") is Handled.SETTLED
    assert await order(bench) == ["e2"]
    await verified(bench)


async def test_a_process_that_begins_again_knows_nothing_and_needs_nothing(bench: Bench) -> None:
    for number in range(4):
        await bench.handle(id=f"e{number}", by=bench.another_instance("one"))
    assert await reasons(bench) == [f"number {number + 1}" for number in range(4)]
    await verified(bench)


step = st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from(["", "", "gather", "perform"]))


@given(st.lists(step, max_size=20))
def test_whoever_handles_what_in_whichever_order_each_event_is_decided_once(steps: list[tuple[int, int, str]]) -> None:
    """Three instances over one ledger, repeats, ports that are down: one entry for each event, none out of turn."""

    async def run() -> None:
        bench = Bench()
        instances = [bench.another_instance(str(number)) for number in range(3)]
        for by, event, trouble in steps:
            if trouble:
                {"gather": bench.trouble.gathering, "perform": bench.trouble.performing}[trouble].append(
                    Unavailable("down")
                )
            await bench.handle(id=f"e{event}", by=instances[by])
            # An effect that could not be had leaves a lease, which another instance would wait for.
            bench.clock.advance(timedelta(seconds=11))
        await all_done(bench, {f"e{event}" for _, event, _ in steps})

    asyncio.run(run())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 7), st.booleans()), max_size=20))
def test_instances_at_the_same_chain_at_once_decide_each_event_once(steps: list[tuple[int, int, bool]]) -> None:
    async def run() -> None:
        bench = Bench()
        instances = [bench.another_instance(str(number)) for number in range(3)]
        bench.trouble.gathering = [Unavailable("down") for *_, fails in steps if fails]
        await asyncio.gather(*(bench.handle(id=f"e{event}", by=instances[by]) for by, event, _ in steps))
        await all_done(bench, {f"e{event}" for _, event, _ in steps})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performing, "_LONGEST_LOOK_S", 0.001)
        asyncio.run(run())


async def all_done(bench: Bench, events: set[str]) -> None:
    """In the end: nothing lost, nothing decided over anything but the state before it, nothing performed twice."""
    bench.trouble.gathering, bench.trouble.performing = [], []
    for _ in range(12):
        await bench.sweep()
    assert sorted(await order(bench)) == sorted(events)
    assert await reasons(bench) == [f"number {number + 1}" for number in range(len(events))]
    assert len(set(bench.trouble.performed)) == len(bench.trouble.performed) == 2 * len(events)
    await verified(bench)


def written(bench: Bench, version: str, size: int = 10, **changes: Any) -> tuple[Case, Progress]:
    event = registered(version)
    case = Case(bench.service, event.entity, bench.envelope(event))
    state = {"seen": 1, "text": "x" * size}
    entry = Entry("sample", event.entity, "e1", 1, bench.clock.now(), {}, {}, "policy", state, [], "before", "hash")
    head = Head(**{"state": state, "hash": "h", "length": 2, "version": "v", "last": "e1", **changes})
    return case, Progress(entry, {}, True, None, head=head)


def test_what_is_taken_is_what_was_kept_and_is_taken_once(bench: Bench) -> None:
    heads = Heads()
    case, progress = written(bench, "1")
    heads.keep(case, progress)
    assert heads.take(case) == progress.head
    assert heads.take(case) is None


@pytest.mark.parametrize("changes", [{"open": "e1"}, {"waiting": 1}])
def test_a_chain_with_something_to_look_at_is_not_remembered(bench: Bench, changes: dict[str, Any]) -> None:
    heads = Heads()
    case, progress = written(bench, "1", **changes)
    heads.keep(case, progress)
    assert heads.take(case) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3000), st.booleans()), max_size=80))
def test_the_memory_that_it_takes_is_bounded(kept: list[tuple[int, int, bool]]) -> None:
    bench, heads = Bench(), Heads(most_bytes=32_000)
    for version, size, is_taken_first in kept:
        case, progress = written(bench, str(version), size)
        if is_taken_first:
            heads.take(case)
        heads.keep(case, progress)
        assert sum(len(each.state) for each in heads._kept.values()) <= 32_000
        assert heads._bytes == sum(each.size for each in heads._kept.values())


def test_a_chain_that_is_written_again_and_again_without_a_guess_takes_its_room_once(bench: Bench) -> None:
    """So do the sweeper, and whoever sees another's decision through."""
    heads = Heads(most_bytes=40_000)
    case, progress = written(bench, "1", 1000)
    for _ in range(100):
        heads.keep(case, progress)
    assert heads.take(case) == progress.head


def test_what_was_kept_of_a_chain_is_gone_once_something_waits_in_it(bench: Bench) -> None:
    heads = Heads()
    heads.keep(*written(bench, "1"))
    heads.keep(*written(bench, "1", waiting=1))
    assert heads.take(written(bench, "1")[0]) is None


def test_the_longest_unused_goes_first(bench: Bench) -> None:
    heads = Heads(most_bytes=40_000)
    for version in range(40):
        heads.keep(*written(bench, str(version), 1000))
    assert heads.take(written(bench, "0")[0]) is None
    assert heads.take(written(bench, "39")[0]) is not None
