"""Every ledger keeps chains and their entries in this way."""

import asyncio

import pytest

from shared.events import Entity
from shared.ports import Head, Ledger, Mark, Moved
from tests.contract.examples import ENTITY, LEASE, WORKSPACE, entry, waiting
from tests.contract.ledgers import append, ledger

__all__ = ["ledger"]
pytestmark = pytest.mark.azure_untested
OTHER = Entity.of(WORKSPACE, "model", "other:1")


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
