"""Every ledger lets the old end of a chain go to the archive, and is whole with it at each step."""

from datetime import timedelta

import pytest

from shared.events import Entity
from shared.ports import Cut, Ledger, Mark, Moved, Progress
from tests.contract.examples import ENTITY, LEASE, NOON, WORKSPACE, entry, waiting
from tests.contract.ledgers import ledger

__all__ = ["ledger"]
pytestmark = pytest.mark.azure_untested
OTHER = Entity.of(WORKSPACE, "model", "other:1")


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


async def test_a_chain_is_unfinished_while_a_decision_is_open_or_something_waits(ledger: Ledger) -> None:
    async def unfinished() -> list[Entity]:
        return sorted([entity async for _, entity in ledger.unfinished()])

    await settled(ledger, 1)
    assert await unfinished() == []
    await ledger.wait(waiting(entity=OTHER))
    await ledger.record(entry("event-2", 2), await ledger.head("staging", ENTITY), LEASE)
    assert await unfinished() == sorted([ENTITY, OTHER])
    await ledger.stop_waiting(waiting(entity=OTHER))
    assert await unfinished() == [ENTITY]
