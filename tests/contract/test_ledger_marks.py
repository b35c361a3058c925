"""Every ledger keeps leases and marks in this way, and says what it knows of a chain's end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.ports import Absent, Ledger, Mark, Moved
from tests.contract.examples import ENTITY, LEASE, entry, waiting
from tests.contract.ledgers import RUN_OUT, append, lease, ledger, progress_of

__all__ = ["ledger"]
pytestmark = pytest.mark.azure_untested


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


async def test_what_was_written_last_is_known_without_reading_it(ledger: Ledger) -> None:
    recorded = await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), LEASE)
    assert recorded.head == await ledger.head("staging", ENTITY)
    marked = await ledger.mark(recorded, {0: Mark("performed")}, LEASE)
    assert marked.head == await ledger.head("staging", ENTITY)
    settled = await ledger.settle(marked, {1: Mark("performed")}, "link-1")
    assert settled.head == await ledger.head("staging", ENTITY)
    assert settled.head
    again = await ledger.record(entry("event-2", 2), settled.head, None)
    assert again.head == await ledger.head("staging", ENTITY)


async def test_what_has_changed_beside_a_decision_is_not_claimed_to_be_known(ledger: Ledger) -> None:
    recorded = await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), LEASE)
    await ledger.wait(waiting("event-2"))
    settled = await ledger.settle(recorded, {0: Mark("performed")}, "link-1")
    assert (settled.settled, settled.head) == (True, None)
    head = await ledger.head("staging", ENTITY)
    assert (head.open, head.hash, head.waiting) == (None, "link-1", 1)


async def test_what_is_found_says_nothing_of_the_end(ledger: Ledger) -> None:
    await append(ledger, "event-1", 1)
    found = await progress_of(ledger)
    assert found.head is None
    assert (await ledger.settle(found, {}, "link-1")).head is None


async def test_what_was_queued_before_counts_in_the_end(ledger: Ledger) -> None:
    await ledger.wait(waiting("event-1"))
    recorded = await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), LEASE)
    assert recorded.head == await ledger.head("staging", ENTITY)
    assert recorded.head.waiting == 1
