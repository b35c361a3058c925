"""Every ledger keeps chains, leases, marks and the waiting queue in this way."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.memory import MemoryLedger
from shared.events import Entity
from shared.ports import Absent, Cut, Head, Lease, Ledger, Mark, Moved, Progress
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
    assert found.version


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
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [Moved] * 7


# A store says its time in whole seconds: a lease that runs out this second may seem to have a part of it left.
RUN_OUT = Lease("instance-1", timedelta(seconds=-1))


async def progress_of(ledger: Ledger, event_id: str = "event-1") -> Progress:
    found = await ledger.find("staging", ENTITY, event_id)
    assert found
    return found


def lease(owner: str, seconds: float = 30) -> Lease:
    return Lease(owner, timedelta(seconds=seconds))


async def test_a_live_lease_belongs_to_its_owner_alone(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    found = await progress_of(ledger)
    assert timedelta(seconds=25) < found.left <= timedelta(seconds=31)
    assert await ledger.lease(found, lease("instance-2")) is None
    mine = await ledger.lease(found, lease("instance-1"))
    assert mine
    assert (await progress_of(ledger)).lease == mine.lease


async def test_a_lease_that_has_run_out_by_the_stores_clock_is_anybodys(ledger: Ledger) -> None:
    head = await ledger.head("staging", ENTITY)
    await ledger.record(entry("event-1", 1), head, RUN_OUT)
    found = await progress_of(ledger)
    assert found.left == timedelta()
    taken = await ledger.lease(found, lease("instance-2"))
    assert taken
    assert taken.lease == (await progress_of(ledger)).lease == lease("instance-2")


async def test_of_eight_who_want_a_dead_lease_exactly_one_gets_it(ledger: Ledger) -> None:
    head = await ledger.head("staging", ENTITY)
    await ledger.record(entry("event-1", 1), head, RUN_OUT)
    found = await progress_of(ledger)
    taken = await asyncio.gather(*(ledger.lease(found, lease(f"instance-{n}")) for n in range(2, 10)))
    assert sum(each is not None for each in taken) == 1


async def test_there_is_no_lease_on_what_was_never_decided(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    with pytest.raises(Absent):
        await ledger.lease(replace(await progress_of(ledger), entry=entry("event-9")), LEASE)


async def test_marks_are_kept_by_index_and_renew_the_lease(ledger: Ledger) -> None:
    head = await ledger.head("staging", ENTITY)
    recorded = await ledger.record(entry("event-1", 1), head, RUN_OUT)
    marked = await ledger.mark(recorded, {0: Mark("performed")}, LEASE)
    await ledger.mark(marked, {11: Mark("refused", "too large"), 10: Mark("skipped")}, LEASE)
    await append(ledger, "event-10", 2)
    found = await progress_of(ledger)
    assert found.marks == {0: Mark("performed"), 10: Mark("skipped"), 11: Mark("refused", "too large")}
    assert found.entry == entry("event-1", 1)
    assert found.left > timedelta()
    assert (await progress_of(ledger, "event-10")).marks == {}


async def test_who_lost_the_lease_marks_nothing_more(ledger: Ledger) -> None:
    head = await ledger.head("staging", ENTITY)
    late = await ledger.record(entry("event-1", 1), head, RUN_OUT)
    other = await ledger.lease(await progress_of(ledger), lease("instance-2"))
    assert other
    with pytest.raises(Moved):
        await ledger.mark(late, {0: Mark("refused", "late")}, lease("instance-1"))
    await ledger.mark(other, {0: Mark("performed")}, lease("instance-2"))
    with pytest.raises(Moved):
        await ledger.settle(late, {0: Mark("refused", "late")}, "link")
    assert (await progress_of(ledger)).marks == {0: Mark("performed")}


async def test_the_first_mark_of_an_effect_stays(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    marked = await ledger.mark(await progress_of(ledger), {0: Mark("performed")}, LEASE)
    with pytest.raises(Moved):
        await ledger.mark(marked, {0: Mark("refused", "second thoughts")}, LEASE)
    assert (await progress_of(ledger)).marks == {0: Mark("performed")}


async def test_settling_closes_the_head_and_says_what_the_next_entry_follows(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    assert (await ledger.head("staging", ENTITY)).open == "event-1"
    settled = await ledger.settle(await progress_of(ledger), {0: Mark("performed")}, "link-1")
    head = await ledger.head("staging", ENTITY)
    assert (head.open, head.hash, head.last, head.length) == (None, "link-1", "event-1", 1)
    found = await progress_of(ledger)
    assert (found.settled, found.marks, found.version) == (True, {0: Mark("performed")}, settled.version)


async def test_what_has_nothing_to_do_is_settled_as_it_is_recorded(ledger: Ledger) -> None:
    recorded = await ledger.record(entry(), await ledger.head("staging", ENTITY), None)
    head = await ledger.head("staging", ENTITY)
    assert recorded.settled
    assert (head.open, head.hash, head.last) == (None, "hash-1", "event-1")
    assert (await progress_of(ledger)).settled


async def test_what_waits_already_stays_as_it_is_when_it_arrives_again(ledger: Ledger) -> None:
    await ledger.wait(waiting("event-1", attempts=3, since=minutes(-5), reason="down"))
    await ledger.wait(waiting("event-1", attempts=0, since=NOON, due=minutes(9), reason="again"))
    assert await ledger.first_waiting("staging", ENTITY) == waiting("event-1", attempts=3, since=minutes(-5))


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


async def test_whoever_looks_on_sees_the_front_of_each_queue(ledger: Ledger) -> None:
    """Also of chains that have decided nothing yet; and looking changes nothing."""
    assert await ledger.pending() == []
    await ledger.wait(waiting("front", due=minutes(5)))
    await ledger.wait(waiting("behind", due=minutes(1)))
    await ledger.wait(waiting("event-1", due=minutes(4), entity=OTHER))
    assert {each.event_id for each in await ledger.pending()} == {"front", "event-1"}
    assert len(await ledger.pending(limit=1)) == 1
    await ledger.stop_waiting(waiting("event-1", due=minutes(4), entity=OTHER))
    assert [(each.event_id, each.reason) for each in await ledger.pending()] == [("front", waiting("front").reason)]
    assert await ledger.due(minutes(5)) == [("staging", ENTITY)]


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
    found = await ledger.find("staging", ENTITY, "a")
    assert found
    await ledger.mark(found, {0: Mark("performed")}, LEASE)
    listed = [(each.entry.event_id, dict(each.marks)) async for each in ledger.entries("staging", ENTITY)]
    assert listed == [("c", {}), ("a", {0: Mark("performed")}), ("b", {})]


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


async def settled(ledger: Ledger, position: int, marks: int = 1) -> Progress:
    """An entry of a day of its own."""
    head = await ledger.head("staging", ENTITY)
    made = entry(f"event-{position}", position, decided_at=NOON + timedelta(days=position))
    recorded = await ledger.record(made, head, LEASE)
    return await ledger.settle(recorded, {index: Mark("performed") for index in range(marks)}, f"link-{position}")


async def old(ledger: Ledger, days: float) -> list[Entity]:
    return [entity async for _, entity in ledger.aged(NOON + timedelta(days=days))]


async def test_a_ledger_knows_the_time(ledger: Ledger) -> None:
    assert (await ledger.time()).tzinfo


async def test_a_chain_is_old_as_soon_as_its_first_entry_is(ledger: Ledger) -> None:
    for position in (1, 2):
        await settled(ledger, position)
    await ledger.wait(waiting(entity=OTHER))
    assert (await old(ledger, 1), await old(ledger, 1.5)) == ([], [ENTITY])


async def test_what_is_cut_off_is_gone_and_the_chain_goes_on(ledger: Ledger) -> None:
    entries = [await settled(ledger, position) for position in (1, 2, 3)]
    left = entries[2].entry.decided_at
    cut = Cut("staging", ENTITY, entries[:2], "piece-1", left)
    shortened = await ledger.shorten(await ledger.head("staging", ENTITY), cut)
    head = await ledger.head("staging", ENTITY)
    assert shortened == head
    assert (head.length, head.archived, head.piece, head.hash, head.state) == (3, 2, "piece-1", "link-3", {"seen": 3})
    assert [each.entry.event_id async for each in ledger.entries("staging", ENTITY)] == ["event-3"]
    assert (await ledger.find("staging", ENTITY, "event-1"), await old(ledger, 3)) == (None, [])
    assert await old(ledger, 3.5) == [ENTITY]
    await ledger.shorten(head, Cut("staging", ENTITY, entries[2:], "piece-2", None))
    assert await old(ledger, 999) == []
    await settled(ledger, 4)
    head = await ledger.head("staging", ENTITY)
    assert (head.length, head.archived, head.piece, await old(ledger, 4.5)) == (4, 3, "piece-2", [ENTITY])
    assert [(name, of.length) async for name, _, of in ledger.chains()] == [("staging", 4)]


async def test_a_cut_at_a_chain_that_moved_on_cuts_nothing(ledger: Ledger) -> None:
    entries, before = [await settled(ledger, 1)], await ledger.head("staging", ENTITY)
    await settled(ledger, 2)
    with pytest.raises(Moved):
        await ledger.shorten(before, Cut("staging", ENTITY, entries, "piece", None))
    assert [each.entry.event_id async for each in ledger.entries("staging", ENTITY)] == ["event-1", "event-2"]


async def test_more_rows_than_one_transaction_takes_are_cut_off(ledger: Ledger) -> None:
    entries = [await settled(ledger, position, marks=30) for position in range(1, 11)]
    head = await ledger.shorten(await ledger.head("staging", ENTITY), Cut("staging", ENTITY, entries, "piece", None))
    assert (head.archived, head.length) == (10, 10)
    assert [each async for each in ledger.entries("staging", ENTITY)] == []
