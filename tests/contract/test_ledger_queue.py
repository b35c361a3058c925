"""Every ledger keeps what waits in this way."""

import asyncio

import pytest

from shared.events import Entity
from shared.ports import Ledger, Moved
from tests.contract.examples import ENTITY, LEASE, NOON, WORKSPACE, entry, minutes, waiting
from tests.contract.ledgers import append, ledger

__all__ = ["ledger"]
pytestmark = pytest.mark.azure_untested
OTHER = Entity.of(WORKSPACE, "model", "other:1")


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
