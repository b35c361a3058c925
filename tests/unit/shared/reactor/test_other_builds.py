"""What only another build can do waits for it, is said once, and is given up in the end: nothing waits for ever."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared.events import (
    ActionFailed,
    ActionPending,
    ActionReleased,
    ActionStalled,
    Event,
    ModelRejected,
    ServiceMissed,
)
from shared.ports import Unavailable, Waiting
from shared.reactor import Handled
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

ENTITY, ABOUT = registered().entity, str(registered().entity)
DAY = timedelta(days=1)
NEWER = {"dataschema": "urn:sluice:mlops.model.registered:99"}


async def sweep(bench: Bench, later: timedelta, *, without: bool = False) -> None:
    """`without`: by a build that does not have the service."""
    bench.clock.advance(later)
    await bench.reactor.resume({} if without else {bench.service.name: bench.service})


def told[E: Event](bench: Bench, event_type: type[E]) -> list[E]:
    return [event for event in bench.published() if isinstance(event, event_type)]


async def queued(bench: Bench, version: str = "1", id: str = "e1", **changes: Any) -> Waiting:
    """An event that waits; `changes` of its frame, as if another build had put it there."""
    bench.trouble.gathering = [Unavailable("down")]
    assert await bench.handle(registered(version), id) is Handled.PENDING
    waiting = await bench.ledger.first_waiting("sample", registered(version).entity)
    assert waiting
    waiting.event.update(changes)  # type: ignore[attr-defined]
    return waiting


async def recorded(bench: Bench) -> None:
    """A decision whose effects could not be performed yet."""
    bench.trouble.performing = [Unavailable("down")]
    assert await bench.handle() is Handled.PENDING


async def test_what_waits_for_a_service_that_is_gone_is_said_once_and_given_up_after_a_week(bench: Bench) -> None:
    since = bench.clock.now()
    for number in range(3):
        await queued(bench, str(number), f"e{number}")
    await sweep(bench, timedelta(minutes=10), without=True)
    await sweep(bench, DAY, without=True)
    assert told(bench, ServiceMissed) == [ServiceMissed(service="sample", since=since, until=since + 7 * DAY)]
    assert told(bench, ActionFailed) == []
    await sweep(bench, 6 * DAY, without=True)
    failed = told(bench, ActionFailed)
    assert {each.decision for each in failed} == {"e0", "e1", "e2"}
    assert {each.reason for each in failed} == {"patience is over: this build has no service sample"}
    assert await bench.ledger.pending() == []


async def test_a_service_that_comes_again_in_time_decides_what_waited_for_it(bench: Bench) -> None:
    await queued(bench)
    await sweep(bench, 6 * DAY, without=True)
    await sweep(bench, timedelta(minutes=2))
    # Its own patience with an outage is over only if that is still there.
    assert len(told(bench, ModelRejected)) == 1
    assert told(bench, ActionFailed) == []


async def test_what_a_service_had_decided_before_it_went_is_settled_and_its_effects_named(bench: Bench) -> None:
    await recorded(bench)
    await sweep(bench, 8 * DAY, without=True)
    (failed,) = told(bench, ActionFailed)
    assert (failed.about, failed.decision, failed.effect) == (ABOUT, "e1", "ring_sample_bell")
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    assert found.settled
    assert [found.marks[index].outcome for index in found.marks] == ["refused"]
    await sweep(bench, DAY)
    assert bench.trouble.performed == []


async def test_what_was_given_up_is_done_after_all_when_an_operator_says_so(bench: Bench) -> None:
    await queued(bench)
    await sweep(bench, 8 * DAY, without=True)
    again = ActionReleased(service="sample", about=ABOUT, decision="e1", by="olga", through="redrive")
    assert await bench.handle(again, id="again") is Handled.SETTLED
    assert len(told(bench, ModelRejected)) == 1


async def test_an_event_of_a_newer_build_is_said_once_and_given_up_after_a_week(bench: Bench) -> None:
    await queued(bench, **NEWER)
    for _ in range(3):
        await sweep(bench, timedelta(minutes=10))
    (pending,) = told(bench, ActionPending)
    assert "this build cannot read it" in pending.reason
    assert pending.notice().command == "sluice ledger show --service sample --entity flights:1"
    await sweep(bench, 8 * DAY)
    (failed,) = told(bench, ActionFailed)
    assert failed.reason.startswith("patience is over: this build cannot read it")
    assert await bench.handle(id="e2") is Handled.SETTLED


async def test_an_effect_of_a_newer_build_is_said_once_and_refused_after_a_week(bench: Bench) -> None:
    await recorded(bench)
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    found.entry.effects[0].update(version=99)  # type: ignore[attr-defined]
    for _ in range(3):
        await sweep(bench, 2 * DAY)
    assert told(bench, ActionStalled)
    assert told(bench, ActionFailed) == []
    await sweep(bench, 2 * DAY)
    (failed,) = told(bench, ActionFailed)
    assert failed.reason.startswith("patience is over: this build does not know effect ring_sample_bell version 99")
    assert await bench.handle(id="e2") is Handled.SETTLED


async def test_an_open_decision_on_an_event_of_a_newer_build_holds_its_chain_for_a_week_at_most(bench: Bench) -> None:
    bench.trouble.performing = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await bench.handle(id="e1")
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    found.entry.event.update(NEWER)  # type: ignore[attr-defined]
    bench.clock.advance(timedelta(seconds=11))
    assert await bench.handle(id="e2") is Handled.PENDING
    await sweep(bench, 6 * DAY)
    assert told(bench, ModelRejected) == []
    await sweep(bench, 2 * DAY)
    assert [each.decision for each in told(bench, ActionFailed)] == ["e1"]
    assert len(told(bench, ModelRejected)) == 1


async def test_an_open_decision_on_an_event_that_no_build_can_read_holds_nobody(bench: Bench) -> None:
    bench.trouble.performing = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await bench.handle(id="e1")
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    found.entry.event.update(data={"model": 7})  # type: ignore[attr-defined]
    bench.clock.advance(timedelta(seconds=11))
    assert await bench.handle(id="e2") is Handled.SETTLED
    (lost,) = told(bench, ActionFailed)
    assert (lost.decision, lost.effect) == ("e1", "record")


@pytest.mark.parametrize("state", [{"seen": "many"}, {"seen": {"by": "kind"}}])
async def test_a_state_that_another_build_wrote_is_waited_for_and_stays_as_it_is(
    bench: Bench, state: Mapping[str, Any]
) -> None:
    await bench.handle(id="e1")
    head = await bench.ledger.head("sample", ENTITY)
    assert head.state
    head.state.update(state)  # type: ignore[attr-defined]
    bench.reactor = bench.another_instance("two")
    assert await bench.handle(id="e2") is Handled.PENDING
    await sweep(bench, timedelta(hours=2))
    (pending,) = told(bench, ActionPending)
    assert pending.reason.startswith("this build cannot read the state that another one wrote: seen: ")
    await sweep(bench, 8 * DAY)
    assert [each.decision for each in told(bench, ActionFailed)] == ["e2"]
    assert (await bench.ledger.head("sample", ENTITY)).state == state


async def test_a_state_that_an_upcast_cannot_make_out_is_waited_for_as_well(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.service.state, "upcast", classmethod(lambda _, kept: kept["never written"]))
    assert await bench.handle() is Handled.PENDING
    waiting = await bench.ledger.first_waiting("sample", ENTITY)
    assert waiting
    assert waiting.reason.startswith("this build cannot read the state that another one wrote: KeyError")


async def test_a_decision_that_a_bug_keeps_from_being_settled_holds_its_chain_no_longer_than_patience(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(bench.reactor._performing, "_effects", fails)
    assert await bench.handle() is Handled.PENDING
    for _ in range(8):
        await bench.sweep()
    (failed,) = told(bench, ActionFailed)
    assert (failed.effect, failed.reason) == ("settle", "ZeroDivisionError: division by zero")
    assert await bench.ledger.pending() == []


async def test_what_was_settled_meanwhile_is_not_said_to_have_failed(bench: Bench) -> None:
    waiting = await queued(bench)
    await sweep(bench, timedelta(minutes=2))
    await bench.ledger.wait(waiting)
    await sweep(bench, 8 * DAY, without=True)
    assert told(bench, ActionFailed) == []


async def left_open(bench: Bench) -> None:
    """Whoever was at it died over its first effect."""
    bench.trouble.performing = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await bench.handle(id="e1")


async def test_a_decision_left_open_for_a_service_that_is_gone_is_found_said_and_ended(bench: Bench) -> None:
    await left_open(bench)
    assert await bench.reactor.take_up() == 0
    bench.clock.advance(timedelta(hours=2))
    assert (await bench.reactor.take_up(), await bench.reactor.take_up()) == (1, 0)
    for _ in range(3):
        await sweep(bench, timedelta(minutes=10), without=True)
    assert [each.service for each in told(bench, ServiceMissed)] == ["sample"]
    assert told(bench, ActionFailed) == []
    await sweep(bench, 7 * DAY, without=True)
    (failed,) = told(bench, ActionFailed)
    assert (failed.decision, failed.effect) == ("e1", "ring_sample_bell")
    assert failed.reason == "patience is over: this build has no service sample"
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    assert found.settled
    assert (await bench.ledger.head("sample", ENTITY)).open is None


async def test_a_decision_left_open_is_seen_through_where_its_service_is_there(bench: Bench) -> None:
    await left_open(bench)
    bench.clock.advance(timedelta(hours=2))
    assert await bench.reactor.take_up() == 1
    await sweep(bench, timedelta(minutes=1))
    found = await bench.ledger.find("sample", ENTITY, "e1")
    assert found
    assert found.settled
    assert told(bench, ActionFailed) == []
    assert await bench.reactor.take_up() == 0


async def test_what_waits_unseen_is_due_again(bench: Bench) -> None:
    """Its hint may be gone, as from a table that was restored."""
    waiting = await queued(bench)
    bench.clock.advance(timedelta(hours=2))
    assert await bench.reactor.take_up() == 1
    again = await bench.ledger.first_waiting("sample", ENTITY)
    assert again
    assert (again.attempts, again.since, again.due > bench.clock.now()) == (1, waiting.since, True)


async def test_a_chain_that_cannot_be_read_keeps_no_other_from_being_taken_up(bench: Bench) -> None:
    await queued(bench, "1", "e1")
    await queued(bench, "2", "e2")
    first_waiting, spoilt = bench.ledger.first_waiting, registered("1").entity

    async def reading(service: str, entity: Any) -> Waiting | None:
        if entity == spoilt:
            raise ValueError("a column of another type")
        return await first_waiting(service, entity)

    bench.ledger.first_waiting = reading  # type: ignore[method-assign]
    bench.clock.advance(timedelta(hours=2))
    assert await bench.reactor.take_up() == 1
