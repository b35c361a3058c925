"""Modes and brakes (F25): held is decided and recorded, never done, until a person says so, and then done once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.approvals import Exhibit, Exhibits
from shared.events import (
    ActionObserved,
    ActionProposed,
    ActionReleased,
    EndpointRef,
    ModelRejected,
    ReleaseRefused,
)
from shared.events.brakes import ALL
from shared.policies import Mode
from shared.ports import Brake, Refused, Unavailable
from shared.reactor import Handled, is_intact, release_id
from tests.support.sample_service import POLICY, WORKSPACE, registered
from tests.unit.shared.reactor.bench import Bench

ABOUT = str(registered().entity)
FLIGHTS = str(EndpointRef(workspace=WORKSPACE, name="flights").entity)


def with_mode(bench: Bench, mode: Mode) -> Bench:
    bench.policy = bench.policy.model_copy(update={"defaults": {"modes": {"sample": mode}}})
    bench.reactor = bench.another_instance("one")
    return bench


async def pause(bench: Bench, scope: str = ALL, *, engaged: bool = True) -> None:
    bench.clock.advance(timedelta(seconds=1))
    await bench.brakes.set(Brake(scope, engaged, "petra@example.com", "looking into it", bench.clock.now()))


async def release(bench: Bench, through: str = "grant", decision: str = "e1", id: str = "release") -> Handled:
    released = ActionReleased.model_validate(
        {"service": "sample", "about": ABOUT, "decision": decision, "by": "lea@example.com", "through": through}
    )
    return await bench.handle(released, id=id)


async def outcomes(bench: Bench, event_id: str = "e1") -> list[str]:
    progress = await bench.ledger.find("sample", registered().entity, event_id)
    assert progress
    assert progress.settled
    assert is_intact(progress.entry)
    return [progress.marks[index].outcome for index in sorted(progress.marks)]


async def test_what_is_observed_is_recorded_with_its_effects_and_not_done(bench: Bench) -> None:
    assert await with_mode(bench, "observe").handle() is Handled.SETTLED
    assert await outcomes(bench) == ["skipped"] * 3
    assert bench.trouble.performed == []
    (observed,) = bench.published()
    assert isinstance(observed, ActionObserved)
    assert observed.would == ("ring_sample_bell", "publish mlops.model.rejected", "ring_sample_bell")
    assert "modes.sample is observe" in observed.why


@pytest.mark.parametrize("mode", ["observe", "propose"])
async def test_what_a_person_ordered_acts_in_every_mode(bench: Bench, mode: Mode) -> None:
    """F25: a reaction may say that it follows an order, or ends what was begun."""
    reactions = with_mode(bench, mode).service.reactions
    reactions.update({kind: replace(reaction, any_mode=True) for kind, reaction in reactions.items()})
    await bench.handle()
    assert len(bench.trouble.performed) == 2


async def test_a_brake_holds_even_that(bench: Bench) -> None:
    reactions = bench.service.reactions
    reactions.update({kind: replace(reaction, any_mode=True) for kind, reaction in reactions.items()})
    await pause(bench)
    await bench.handle()
    assert bench.trouble.performed == []


async def test_an_observed_decision_leaves_the_state_as_it_was(bench: Bench) -> None:
    await with_mode(bench, "observe").handle()
    assert await bench.seen() == 0


@pytest.mark.parametrize("scope", [ALL, ABOUT, FLIGHTS])
async def test_a_brake_holds_all_or_an_entity_or_all_that_concerns_an_endpoint(bench: Bench, scope: str) -> None:
    await pause(bench, scope)
    await bench.handle()
    assert bench.trouble.performed == []
    (observed,) = bench.published()
    assert isinstance(observed, ActionObserved)
    assert observed.why == "paused by petra@example.com: looking into it"


async def test_a_brake_on_something_else_holds_nothing(bench: Bench) -> None:
    await pause(bench, str(registered("2").entity))
    await bench.handle()
    assert len(bench.trouble.performed) == 2


async def test_after_a_brake_reactions_act_again_and_what_was_held_is_not_replayed(bench: Bench) -> None:
    await pause(bench)
    await bench.handle(id="held")
    await pause(bench, engaged=False)
    await bench.handle(id="after")
    assert await bench.handle(id="held") is Handled.DUPLICATE
    assert await bench.sweep() == 0
    assert len(bench.trouble.performed) == 2
    assert await bench.seen() == 1


async def test_who_finds_a_held_decision_holds_it_too_whatever_the_brake_says_now(bench: Bench) -> None:
    await pause(bench)
    publish = bench.publisher.publish
    bench.publisher.publish = _unavailable()  # type: ignore[method-assign]
    assert await bench.handle() is Handled.PENDING
    bench.publisher.publish = publish  # type: ignore[method-assign]
    await pause(bench, engaged=False)
    await bench.sweep()
    assert bench.trouble.performed == []
    assert [type(event) for event in bench.published()] == [ActionObserved]


def _unavailable() -> Any:
    async def publish(*_: object) -> None:
        raise Unavailable("the hub is down")

    return publish


async def test_a_service_by_which_people_are_told_is_never_held(bench: Bench) -> None:
    bench.service.may_be_held = False
    await pause(bench)
    await bench.handle()
    assert len(bench.trouble.performed) == 2


async def test_what_is_proposed_waits_for_a_person_and_names_exactly_what_waits(bench: Bench) -> None:
    await with_mode(bench, "propose").handle()
    (proposed,) = bench.published()
    assert isinstance(proposed, ActionProposed)
    assert proposed.scope == FLIGHTS
    assert proposed.because == "mlops.model.registered"
    assert (bench.trouble.performed, await bench.seen()) == ([], 0)


async def test_who_is_asked_is_shown_the_event_and_each_thing_that_would_be_done(bench: Bench) -> None:
    """Kept under the digest that the question names, and the same for whoever finds the decision again."""
    await with_mode(bench, "propose").handle()
    (proposed,) = bench.published()
    assert isinstance(proposed, ActionProposed)
    assert proposed.evidence
    shown = Exhibits.model_validate_json(await bench.evidence.read(proposed.evidence))
    assert shown.because == (Exhibit.of_event(registered()),)
    assert [each.kind for each in shown.would] == ["ring_sample_bell", "mlops.model.rejected", "ring_sample_bell"]


async def test_what_is_only_observed_keeps_no_evidence(bench: Bench) -> None:
    await with_mode(bench, "observe").handle()
    assert bench.evidence.bodies == {}


async def test_a_thing_that_is_no_endpoint_is_asked_about_all_the_same(bench: Bench) -> None:
    """`propose` never becomes `observe`: a model that serves no endpoint is its own scope."""
    bench.policy = POLICY.model_copy(update={"endpoints": {}})
    await with_mode(bench, "propose").handle()
    (proposed,) = bench.published()
    assert isinstance(proposed, ActionProposed)
    assert proposed.scope == ABOUT
    await release(bench)
    assert len(bench.trouble.performed) == 2


async def test_a_grant_does_what_was_proposed_under_its_own_keys_and_once(bench: Bench) -> None:
    other = Bench()
    await other.handle()
    await with_mode(bench, "propose").handle()
    bench.clock.advance(timedelta(days=1))
    assert await release(bench) is Handled.SETTLED
    assert bench.trouble.performed == other.trouble.performed
    rejected = bench.publisher.published["events"][-1]
    assert isinstance(rejected.data, ModelRejected)
    assert rejected.id == other.publisher.published["events"][-1].id
    assert await bench.seen() == 1
    assert await release(bench) is Handled.DUPLICATE
    assert len(bench.trouble.performed) == 2


async def test_a_grant_is_refused_when_the_same_event_would_lead_to_something_else_by_now(bench: Bench) -> None:
    await with_mode(bench, "propose").handle(id="e1")
    await bench.handle(id="e2")
    await release(bench, decision="e2", id="first")
    done = list(bench.trouble.performed)
    await release(bench, decision="e1", id="second")
    assert bench.trouble.performed == done
    refused = bench.published()[-1]
    assert isinstance(refused, ReleaseRefused)
    assert "moved on" in refused.reason


async def test_a_brake_holds_what_is_granted_meanwhile_and_a_redrive_does_it_later(bench: Bench) -> None:
    await with_mode(bench, "propose").handle()
    await pause(bench)
    await release(bench)
    refused = bench.published()[-1]
    assert isinstance(refused, ReleaseRefused)
    assert "paused by petra@example.com" in refused.reason
    await pause(bench, engaged=False)
    await release(bench, "redrive", id="again")
    assert len(bench.trouble.performed) == 2


async def test_a_redrive_decides_again_with_the_facts_of_now(bench: Bench) -> None:
    await pause(bench)
    await bench.handle(id="e1")
    await pause(bench, engaged=False)
    await bench.handle(id="e2")
    await release(bench, "redrive")
    reasons = [event.reason for event in bench.published() if isinstance(event, ModelRejected)]
    assert reasons == ["number 1", "number 2"]


async def test_what_patience_ended_goes_on_where_it_stopped_when_redriven(bench: Bench) -> None:
    bench.trouble.performing = [Refused("no such bell")]
    await bench.handle()
    assert await outcomes(bench) == ["refused"]
    await release(bench, "redrive")
    whole = Bench()
    await whole.handle()
    assert bench.trouble.performed == whole.trouble.performed
    assert bench.publisher.published["events"][-1].id == whole.publisher.published["events"][-1].id
    assert await bench.seen() == 1


async def test_what_was_done_is_not_done_again(bench: Bench) -> None:
    await bench.handle()
    await release(bench, "redrive")
    refused = bench.published()[-1]
    assert isinstance(refused, ReleaseRefused)
    assert "nothing of it is left" in refused.reason
    assert len(bench.trouble.performed) == 2


async def test_what_could_not_be_gathered_is_recorded_and_can_be_redriven(bench: Bench) -> None:
    bench.trouble.gathering = [Refused("no right to read it")]
    assert await bench.handle() is Handled.FAILED
    assert await outcomes(bench) == []
    assert await bench.handle() is Handled.DUPLICATE
    await release(bench, "redrive")
    assert len(bench.trouble.performed) == 2
    assert await bench.seen() == 1


@pytest.mark.parametrize(("first", "second"), [("grant", "redrive"), ("redrive", "grant")])
async def test_granted_and_redriven_is_done_once(bench: Bench, first: str, second: str) -> None:
    await with_mode(bench, "propose").handle()
    for through in (first, second):
        released = ActionReleased.model_validate(
            {"service": "sample", "about": ABOUT, "decision": "e1", "by": "lea@example.com", "through": through}
        )
        await bench.handle(released, id=release_id(released.through, "sample", ABOUT, "e1"))
    assert len(bench.trouble.performed) == 2
    assert "released before" in str(bench.published()[-1])


async def test_a_release_for_another_service_or_of_nothing_does_nothing(bench: Bench) -> None:
    theirs = ActionReleased(service="other", about=ABOUT, decision="e1", by="lea", through="grant")
    assert await bench.handle(theirs) is Handled.NOT_FOR_US
    await release(bench, decision="unheard of")
    assert "no such decision" in str(bench.published()[-1])
