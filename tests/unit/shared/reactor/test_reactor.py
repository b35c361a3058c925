"""The reactor's protocol, step by step (design: decide once, record, perform, settle; F23)."""

from datetime import timedelta

import pytest

from shared.events import (
    ActionFailed,
    ActionStalled,
    ActionSuperseded,
    DriftCleared,
    EndpointRef,
    ModelRejected,
    PackageRef,
)
from shared.ports import Moved, Refused, Unavailable
from shared.reactor import Handled, Undeclared, Unwired, Wiring, is_intact
from tests.support.sample_service import WORKSPACE, registered, sample_service
from tests.unit.shared.reactor.bench import Bench


async def test_an_event_is_decided_recorded_performed_and_settled(bench: Bench) -> None:
    assert await bench.handle() is Handled.SETTLED
    assert bench.published() == [ModelRejected(model=registered().model, reason="number 1")]
    progress = await bench.ledger.find("sample", registered().entity, "e1")
    assert progress
    assert progress.settled
    assert {index: mark.outcome for index, mark in progress.marks.items()} == dict.fromkeys(range(3), "performed")
    assert is_intact(progress.entry)


async def test_a_redelivered_event_is_not_decided_again(bench: Bench) -> None:
    await bench.handle()
    assert await bench.handle() is Handled.DUPLICATE
    assert await bench.seen() == 1
    assert len(bench.trouble.performed) == 2


async def test_follow_up_ids_are_the_same_on_every_instance(bench: Bench) -> None:
    other = Bench()
    await bench.handle()
    await other.handle(by=other.another_instance("two"))
    assert [e.id for e in bench.publisher.published["events"]] == [e.id for e in other.publisher.published["events"]]


async def test_a_follow_up_names_its_cause_and_its_chain(bench: Bench) -> None:
    await bench.handle(id="first")
    follow_up = bench.publisher.published["events"][0]
    assert (follow_up.causation_id, follow_up.correlation_id) == ("first", "first")


async def test_what_cannot_be_gathered_now_is_pending_and_resumed(bench: Bench) -> None:
    bench.trouble.gathering = [Unavailable("down")]
    assert await bench.handle() is Handled.PENDING
    assert bench.published() == []
    await bench.sweep()
    assert len(bench.published()) == 1


async def test_who_asks_for_a_pause_is_left_alone_for_it(bench: Bench) -> None:
    """The call itself does not sleep, so that it cannot outlive its lease: the pause is the reactor's."""
    bench.trouble.performing = [Unavailable("throttled", pause=timedelta(seconds=90))]
    assert await bench.handle() is Handled.PENDING
    await bench.sweep(timedelta(seconds=89))
    assert bench.trouble.performed == []
    await bench.sweep(timedelta(seconds=2))
    assert len(bench.trouble.performed) == 2


async def test_a_pause_longer_than_patience_ends_with_it(bench: Bench) -> None:
    bench.trouble.gathering = [Unavailable("throttled", pause=timedelta(days=2))]
    assert await bench.handle() is Handled.PENDING
    await bench.sweep(bench.patience.limit + timedelta(seconds=1))
    assert len(bench.trouble.performed) == 2


async def test_a_pending_effect_is_resumed_where_it_stopped(bench: Bench) -> None:
    await bench.handle(registered("9"), id="other")
    bench.trouble.performing = [Unavailable("down")]
    assert await bench.handle() is Handled.PENDING
    await bench.sweep()
    assert await bench.seen() == 1
    assert len(set(bench.trouble.performed)) == len(bench.trouble.performed) == 4


async def test_later_events_of_a_chain_queue_behind_a_pending_one(bench: Bench) -> None:
    bench.trouble.gathering = [Unavailable("down")]
    await bench.handle(id="first")
    assert await bench.handle(id="second") is Handled.PENDING
    assert await bench.handle(registered("2"), id="elsewhere") is Handled.SETTLED
    await bench.sweep()
    reasons = [e.reason for e in bench.published() if isinstance(e, ModelRejected) and e.model.version == "1"]
    assert reasons == ["number 1", "number 2"]
    order = [p.entry.event_id async for p in bench.ledger.entries("sample", registered().entity)]
    assert order == ["first", "second"]


async def test_a_refused_effect_ends_the_decision_and_is_announced(bench: Bench) -> None:
    bench.trouble.performing = [Refused("no such bell")]
    assert await bench.handle() is Handled.SETTLED
    (failed,) = bench.published()
    assert isinstance(failed, ActionFailed)
    assert (failed.service, failed.effect, failed.reason) == ("sample", "ring_sample_bell", "no such bell")
    assert await bench.handle() is Handled.DUPLICATE
    assert len(bench.published()) == 1


async def test_a_stale_effect_is_superseded_and_announced(bench: Bench) -> None:
    bench.trouble.performing = [Moved("generation 7 is current")]
    await bench.handle()
    (superseded,) = bench.published()
    assert isinstance(superseded, ActionSuperseded)


async def test_patience_ends_and_the_policy_is_told(bench: Bench) -> None:
    bench.trouble.performing = [Unavailable("down")] * 100
    await bench.handle()
    await bench.sweep(timedelta(minutes=4))
    assert bench.published() == []
    await bench.sweep(timedelta(minutes=2))
    (failed,) = bench.published()
    assert isinstance(failed, ActionFailed)
    assert "patience is over" in failed.reason


async def test_gathering_has_the_same_patience(bench: Bench) -> None:
    bench.trouble.gathering = [Unavailable("down")] * 100
    await bench.handle()
    await bench.sweep(timedelta(minutes=6))
    (failed,) = bench.published()
    assert isinstance(failed, ActionFailed)
    assert failed.effect == "gather"
    assert await bench.sweep() == 0


async def test_a_bug_in_an_effect_is_announced_and_does_not_hold_the_chain(bench: Bench) -> None:
    bench.trouble.performing = [ZeroDivisionError("division by zero")]
    assert await bench.handle() is Handled.SETTLED
    assert await bench.handle(id="e2") is Handled.SETTLED
    assert "ZeroDivisionError" in str(bench.published()[0])


async def test_an_undeclared_event_is_never_published(bench: Bench) -> None:
    model = PackageRef(model=registered().model, digest="0" * 64)
    event = DriftCleared(endpoint=EndpointRef(workspace=WORKSPACE, name="e"), package=model, signal="data")
    with pytest.raises(Undeclared):
        await bench.handle(event)
    assert bench.published() == []


async def test_a_live_foreign_lease_is_waited_out(bench: Bench) -> None:
    bench.trouble.performing = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await bench.handle()
    other = bench.another_instance("two")
    bench.clock.advance(timedelta(seconds=11))
    assert await bench.handle(by=other) is Handled.SETTLED
    assert len(bench.published()) == 1


async def test_an_effect_that_only_a_newer_build_knows_stays_pending_and_is_said_to_stall(bench: Bench) -> None:
    bench.trouble.performing = [Unavailable("down")]
    await bench.handle()
    progress = await bench.ledger.find("sample", registered().entity, "e1")
    assert progress
    progress.entry.effects[0].update(version=2)  # type: ignore[attr-defined]
    for _ in range(3):
        await bench.sweep(timedelta(minutes=10))
    said = bench.published()
    assert {type(event) for event in said} == {ActionStalled}
    assert len({envelope.id for envelope in bench.publisher.published["events"]}) == 1
    progress.entry.effects[0].update(version=1)  # type: ignore[attr-defined]
    await bench.sweep()
    assert [type(event) for event in bench.published()[len(said) :]] == [ModelRejected]


async def test_an_app_that_lacks_a_port_does_not_start() -> None:
    with pytest.raises(Unwired, match="gather needs"):
        Wiring({}).check([sample_service()])
