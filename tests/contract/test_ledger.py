"""Every ledger keeps chains, leases, marks and the waiting queue in this way."""

import asyncio
from datetime import timedelta

import pytest

from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.memory import MemoryLedger
from shared.events import Entity
from shared.ports import Absent, Head, Lease, Ledger, Mark, Moved
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, LEASE, NOON, WORKSPACE, entry, minutes, waiting

pytestmark = pytest.mark.azure_untested
OTHER = Entity.of(WORKSPACE, "model", "other:1")


@pytest.fixture
async def ledger(place: Account | None) -> Ledger:
    return MemoryLedger() if place is None else await table_ledger(place)


async def table_ledger(account: Account) -> TableLedger:
    evidence = BlobEvidence(account.storage.blobs, await account.container("evidence"))
    tables = await account.table("ledger"), await account.table("pending")
    return TableLedger(account.storage.tables, evidence, *tables)


async def append(ledger: Ledger, event_id: str, position: int) -> None:
    head = await ledger.head("staging", ENTITY)
    await ledger.record(entry(event_id, position), head, LEASE)


async def test_a_chain_that_has_not_begun_has_an_empty_head(ledger: Ledger) -> None:
    assert await ledger.head("staging", ENTITY) == Head(state=None, hash="", length=0, version=None)


async def test_a_recorded_entry_is_found_again_as_it_was(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    found = await ledger.find("staging", ENTITY, "event-1")
    assert found is not None
    assert found.entry == entry("event-1", 1)
    assert (found.marks, found.settled, found.lease) == ({}, False, LEASE)


async def test_an_event_nobody_decided_is_not_found(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    assert await ledger.find("staging", ENTITY, "event-2") is None
    assert await ledger.find("drift", ENTITY, "event-1") is None


async def test_the_head_follows_the_last_entry(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    await append(ledger, "event-2", 2)
    head = await ledger.head("staging", ENTITY)
    assert (head.state, head.hash, head.length) == ({"seen": 2}, "hash-2", 2)


async def test_an_entry_over_an_old_head_is_moved_and_leaves_nothing(ledger: Ledger) -> None:
    old = await ledger.head("staging", ENTITY)
    await append(ledger, "event-1", 1)
    stale = await ledger.head("staging", ENTITY)
    await append(ledger, "event-2", 2)
    for head in (old, stale):
        with pytest.raises(Moved):
            await ledger.record(entry("event-3", 3), head, LEASE)
    assert await ledger.find("staging", ENTITY, "event-3") is None
    assert (await ledger.head("staging", ENTITY)).length == 2


async def test_an_event_is_decided_once(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    with pytest.raises(Moved):
        await ledger.record(entry("event-1", 2, hash="other"), await ledger.head("staging", ENTITY), LEASE)
    assert (await ledger.head("staging", ENTITY)).hash == "hash-1"


async def test_eight_racing_writers_fill_each_position_exactly_once(ledger: Ledger) -> None:
    lost = 0

    async def write(writer: int) -> None:
        nonlocal lost
        for number in range(3):
            while True:
                head = await ledger.head("staging", ENTITY)
                try:
                    await ledger.record(entry(f"event-{writer}-{number}", head.length + 1), head, LEASE)
                except Moved:
                    lost += 1
                    continue
                break

    await asyncio.gather(*(write(writer) for writer in range(8)))
    positions = [progress.entry.position async for progress in ledger.entries("staging", ENTITY)]
    assert positions == list(range(1, 25))
    assert (await ledger.head("staging", ENTITY)).length == 24


async def test_of_eight_writers_over_one_head_exactly_one_wins(ledger: Ledger) -> None:
    head = await ledger.head("staging", ENTITY)
    records = (ledger.record(entry(f"event-{number}", 1), head, LEASE) for number in range(8))
    outcomes = await asyncio.gather(*records, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Moved] * 7


async def test_a_live_lease_belongs_to_its_owner_alone(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    mine, theirs = Lease("instance-1", minutes(5)), Lease("instance-2", minutes(6))
    assert await ledger.lease(entry(), mine, NOON)
    assert not await ledger.lease(entry(), theirs, NOON)
    assert not await ledger.lease(entry(), theirs, minutes(5) - timedelta(microseconds=1))
    assert await ledger.lease(entry(), theirs, minutes(5))
    found = await ledger.find("staging", ENTITY, "event-1")
    assert found is not None
    assert found.lease == theirs


async def test_of_eight_who_want_a_dead_lease_exactly_one_gets_it(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    leases = (ledger.lease(entry(), Lease(f"instance-{n}", minutes(9)), minutes(1)) for n in range(2, 10))
    assert sum(await asyncio.gather(*leases)) == 1


async def test_there_is_no_lease_on_what_was_never_decided(ledger: Ledger) -> None:
    with pytest.raises(Absent):
        await ledger.lease(entry("event-9"), LEASE, NOON)


async def test_marks_are_kept_by_index_and_may_be_repeated(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    await append(ledger, "event-10", 2)
    for _ in range(2):
        await ledger.mark(entry(), 0, Mark("performed"))
        await ledger.mark(entry(), 11, Mark("refused", "too large"))
    await ledger.mark(entry("event-10"), 0, Mark("skipped"))
    found = await ledger.find("staging", ENTITY, "event-1")
    assert found is not None
    assert found.marks == {0: Mark("performed"), 11: Mark("refused", "too large")}
    assert found.entry == entry("event-1", 1)


async def test_settling_is_remembered(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    await ledger.settle(entry())
    await ledger.settle(entry())
    found = await ledger.find("staging", ENTITY, "event-1")
    assert found is not None
    assert found.settled


async def test_waiting_events_queue_in_the_order_of_their_first_arrival(ledger: Ledger) -> None:
    for event_id in ("event-c", "event-a", "event-b"):
        await ledger.wait(waiting(event_id))
    await ledger.wait(waiting("event-c", due=minutes(3), attempts=2, reason="still down"))
    assert await ledger.first_waiting("staging", ENTITY) == waiting(
        "event-c", due=minutes(3), attempts=2, reason="still down"
    )
    assert (await ledger.head("staging", ENTITY)).waiting == 3
    await ledger.stop_waiting(waiting("event-c"))
    assert await ledger.first_waiting("staging", ENTITY) == waiting("event-a")


async def test_an_event_stops_waiting_once(ledger: Ledger) -> None:
    await ledger.wait(waiting("event-1"))
    await ledger.wait(waiting("event-2"))
    await ledger.stop_waiting(waiting("event-1"))
    await ledger.stop_waiting(waiting("event-1"))
    assert (await ledger.head("staging", ENTITY)).waiting == 1
    await ledger.stop_waiting(waiting("event-2"))
    assert await ledger.first_waiting("staging", ENTITY) is None
    assert (await ledger.head("staging", ENTITY)).waiting == 0


async def test_eight_events_that_begin_to_wait_at_once_are_all_queued(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.wait(waiting(f"event-{number}")) for number in range(8)))
    assert (await ledger.head("staging", ENTITY)).waiting == 8


async def test_one_event_that_eight_let_wait_is_queued_once(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.wait(waiting("event-1")) for _ in range(8)))
    assert (await ledger.head("staging", ENTITY)).waiting == 1


async def test_a_decision_that_overlooked_a_waiting_event_is_moved(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    head = await ledger.head("staging", ENTITY)
    await ledger.wait(waiting("event-2"))
    with pytest.raises(Moved):
        await ledger.record(entry("event-3", 2), head, LEASE)


async def test_an_entry_keeps_the_count_of_waiting_events(ledger: Ledger) -> None:
    await ledger.wait(waiting("event-1"))
    await append(ledger, "event-1", 1)
    await ledger.wait(waiting("event-2"))
    head = await ledger.head("staging", ENTITY)
    assert (head.waiting, head.length, head.hash) == (2, 1, "hash-1")


async def test_a_chain_is_due_when_its_front_is(ledger: Ledger) -> None:
    await ledger.wait(waiting("front", due=minutes(5)))
    await ledger.wait(waiting("behind", due=minutes(1)))
    await ledger.wait(waiting("event-1", due=minutes(4), entity=OTHER))
    assert await ledger.due(minutes(3)) == []
    assert await ledger.due(minutes(4)) == [("staging", OTHER)]
    assert await ledger.due(minutes(5)) == [("staging", OTHER), ("staging", ENTITY)]
    assert await ledger.due(minutes(5), limit=1) == [("staging", OTHER)]


async def test_the_next_in_the_queue_is_due_when_the_front_has_gone(ledger: Ledger) -> None:
    await ledger.wait(waiting("front", due=minutes(5)))
    await ledger.wait(waiting("behind", due=minutes(1)))
    assert await ledger.due(minutes(2)) == []
    await ledger.stop_waiting(waiting("front"))
    assert await ledger.due(minutes(2)) == [("staging", ENTITY)]


async def test_a_later_try_moves_the_time_at_which_a_chain_is_due(ledger: Ledger) -> None:
    await ledger.wait(waiting("event-1", due=minutes(1)))
    await ledger.wait(waiting("event-1", due=minutes(9), attempts=2))
    assert await ledger.due(minutes(8)) == []
    assert await ledger.due(minutes(9)) == [("staging", ENTITY)]
    await ledger.stop_waiting(waiting("event-1"))
    assert await ledger.due(minutes(99)) == []


async def test_all_chains_that_have_begun_are_listed(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    head = await ledger.head("drift", OTHER)
    await ledger.record(entry("event-1", 1, service="drift", entity=OTHER), head, LEASE)
    await ledger.wait(waiting("event-1", entity=Entity.of(WORKSPACE, "model", "only-waiting:1")))
    listed = {(service, entity): head.hash async for service, entity, head in ledger.chains()}
    assert listed == {("staging", ENTITY): "hash-1", ("drift", OTHER): "hash-1"}


async def test_entries_come_in_the_order_of_their_positions(ledger: Ledger) -> None:
    for position, event_id in enumerate(("c", "a", "b"), start=1):
        await append(ledger, event_id, position)
    await ledger.mark(entry("a"), 0, Mark("performed"))
    found = [(each.entry.event_id, dict(each.marks)) async for each in ledger.entries("staging", ENTITY)]
    assert found == [("c", {}), ("a", {0: Mark("performed")}), ("b", {})]


async def test_identifiers_from_outside_are_kept_letter_by_letter(ledger: Ledger) -> None:
    event_id = "/subscriptions/x#1?y=%2F\\ 'ü|:\t" + "long" * 400
    await append(ledger, event_id, 1)
    await ledger.wait(waiting(event_id))
    found = await ledger.find("staging", ENTITY, event_id)
    assert found is not None
    assert found.entry == entry(event_id, 1)
    assert await ledger.first_waiting("staging", ENTITY) == waiting(event_id)


async def test_large_bodies_come_back_whole(ledger: Ledger) -> None:
    large = {"text": "x" * 300_000}
    state = {"evidence": "y" * 40_000}
    await ledger.record(
        entry(event=large, facts=large, state=state, effects=[large]), await ledger.head("staging", ENTITY), LEASE
    )
    await ledger.wait(waiting("event-2", event=large))
    found = await ledger.find("staging", ENTITY, "event-1")
    queued = await ledger.first_waiting("staging", ENTITY)
    assert found is not None
    assert queued is not None
    assert found.entry == entry(event=large, facts=large, state=state, effects=[large])
    assert queued.event == large
    assert (await ledger.head("staging", ENTITY)).state == state
