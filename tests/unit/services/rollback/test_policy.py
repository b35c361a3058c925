"""The way back is swapped once, believed when it is proved, and a person's turn when it is not (F12, F13, N4)."""

from typing import Any

import pytest

from services.rollback.policy import (
    decide_granted,
    decide_not_performed,
    decide_requested,
)
from services.rollback.policy.state import REMEMBERED, Rollback, Serving
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    CommandRefused,
    Event,
    PackageRef,
    RollbackFailed,
    RollbackStarted,
    RollbackSuperseded,
)
from shared.ports import Instance, Manifest, Route
from shared.reactor import Decision, Publish
from shared.serving import SwapManifest
from tests.support.builders import CAUSE, NOW, digest, facts, package_ref
from tests.unit.services.rollback.cases import (
    AGAIN,
    BACK,
    BAD,
    CANARY,
    DONE,
    ENDPOINT,
    FIRST,
    OLD,
    ORDERED,
    POLICY,
    REHEARSAL,
    REQUESTED,
    SERVING,
    WAITING,
    known,
    look,
    ordered,
    requested,
    said,
    swapped,
)


def test_a_request_puts_back_what_served_before_as_the_next_generation() -> None:
    decision = requested()
    started = RollbackStarted(
        endpoint=ENDPOINT, package=BAD.package, restored=OLD.package, generation=6, reason="too slow",
        requested_by="promotion",
    )  # fmt: skip
    assert decision == Decision(WAITING, [SwapManifest(manifest=BACK), Publish(event=started), AGAIN])


def test_in_mid_canary_whoever_still_serves_gets_all_the_traffic() -> None:
    assert swapped(requested(CANARY)) == BACK
    assert swapped(ordered(CANARY)) == BACK


def test_an_order_takes_away_what_was_approved_last_whatever_its_share() -> None:
    raced = CANARY.model_copy(update={"previous": None})
    state = Rollback(approved={OLD.package.digest: None, BAD.package.digest: None})
    assert swapped(ordered(raced, state)) == BACK


def test_a_mirror_is_not_gone_back_to() -> None:
    shadow = Route(package=package_ref("3", "d"), share=0, mirror=50)
    manifest = swapped(requested(SERVING.model_copy(update={"routes": (BAD, shadow)})))
    assert manifest == BACK


def test_a_first_version_that_is_bad_is_taken_away_though_nothing_then_serves() -> None:
    decision = requested(FIRST)
    manifest = swapped(decision)
    assert manifest is not None
    assert (manifest.routes, manifest.generation, manifest.previous) == ((), 6, BAD)
    assert decision.state.route is None


def test_once_the_instances_serve_nothing_a_person_is_told_so() -> None:
    state = WAITING.model_copy(update={"route": None, "rehearsal": None})
    decision = look({"a": Instance(generation=6, at=NOW)}, manifest=BACK.model_copy(update={"routes": ()}), state=state)
    (failed,) = said(decision)
    assert isinstance(failed, RollbackFailed)
    assert failed.reason == "nothing serves flights now: there is no version to go back to (too slow)"
    assert decision.state == DONE


@pytest.mark.parametrize(
    ("manifest", "changed", "reason"),
    [
        (BACK, {}, "generation 6 is current, not 5"),
        (SERVING, {"generation": 4}, "generation 5 is current, not 4"),
        (SERVING, {"package": package_ref("9", "9")}, "flights:9 does not serve"),
    ],
)
def test_a_request_that_came_too_late_is_superseded_and_overwrites_nothing(
    manifest: Manifest, changed: dict[str, Any], reason: str
) -> None:
    decision = requested(manifest, **changed)
    (superseded,) = said(decision)
    assert isinstance(superseded, RollbackSuperseded)
    assert (superseded.reason, superseded.generation) == (reason, manifest.generation)
    assert (decision.state, len(decision.effects)) == (Rollback(), 1)


def test_two_rollbacks_at_once_end_by_generation() -> None:
    first = requested()
    second = requested(BACK, first.state)
    third = ordered(BACK, first.state)
    for late in (second, third):
        assert isinstance(said(late)[0], RollbackSuperseded)
        assert (late.state, swapped(late)) == (first.state, None)


def test_a_second_order_does_not_bring_back_what_the_first_took_away() -> None:
    decision = ordered(BACK, DONE)
    (failed,) = said(decision)
    assert isinstance(failed, RollbackFailed)
    assert failed.reason == "nothing was changed: flights:2, which served before, was itself taken away"
    assert (failed.requested_by, decision.state, swapped(decision)) == (ORDERED.operator, DONE, None)


def test_nor_does_a_request() -> None:
    decision = requested(BACK, DONE, package=OLD.package, generation=6)
    assert isinstance(said(decision)[0], RollbackFailed)
    assert swapped(decision) is None


def granted(package: PackageRef, evidence: str | None = None) -> ApprovalGranted:
    return ApprovalGranted(
        approval_id="a", endpoint=ENDPOINT, candidate=package, evidence=evidence, approver="lea@example.com"
    )


def test_what_is_approved_anew_may_be_gone_back_to() -> None:
    state = decide_granted(DONE, facts(known(BACK)), granted(BAD.package), POLICY).state
    assert state.withdrawn == ()


def test_approvals_are_remembered_up_to_a_number_with_their_evidence() -> None:
    state = Rollback()
    for number in range(REMEMBERED + 2):
        package = package_ref(str(number), f"{number:x}")
        state = decide_granted(state, facts(known(SERVING)), granted(package, digest("e")), POLICY).state
    assert len(state.approved) == REMEMBERED
    assert list(state.approved)[-1] == package.digest


def test_an_order_for_a_first_version_or_for_nothing_changes_nothing_and_says_why() -> None:
    (first,), (nothing,) = said(ordered(FIRST)), said(ordered(Manifest(endpoint=ENDPOINT)))
    assert isinstance(first, RollbackFailed)
    assert isinstance(nothing, RollbackFailed)
    assert "is the first version: there is nothing to go back to" in first.reason
    assert nothing.reason == "nothing was changed: nothing serves"
    assert ordered(FIRST).state == Rollback()


def test_an_order_while_a_newer_generation_took_over_goes_back_from_that_one() -> None:
    newest = Route(package=package_ref("3", "d"))
    decision = ordered(Manifest(endpoint=ENDPOINT, generation=7, routes=(newest,), previous=OLD), WAITING)
    assert [type(event) for event in said(decision)] == [RollbackStarted, RollbackSuperseded]
    assert (decision.state.package, decision.state.generation) == (newest.package, 8)


def test_a_rehearsal_of_another_way_back_is_not_taken_for_this_one() -> None:
    other = REHEARSAL.model_copy(update={"package": package_ref("7", "7")})
    serving = Serving(manifest=SERVING, rehearsals={BAD.package.digest: other})
    assert decide_requested(Rollback(), facts(serving), REQUESTED, POLICY).state.rehearsal is None


def not_performed(kind: type[ActionFailed | ActionSuperseded], decision: str = CAUSE) -> Any:
    return kind(
        service="rollback", about=str(ENDPOINT.entity), decision=decision, effect="swap_manifest", reason="moved"
    )


@pytest.mark.parametrize(("kind", "outcome"), [(ActionFailed, RollbackFailed), (ActionSuperseded, RollbackSuperseded)])
def test_a_swap_that_was_not_performed_ends_it_and_took_nothing_away(kind: Any, outcome: type[Event]) -> None:
    event = not_performed(kind)
    decision = decide_not_performed(WAITING, facts(known(SERVING)), event, POLICY)
    assert [type(fact) for fact in said(decision)] == [outcome]
    assert decision.state == Rollback(generation=6)
    assert decide_not_performed(DONE, facts(known(SERVING)), event, POLICY) == Decision(DONE)


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
def test_what_failed_after_the_swap_or_before_this_rollback_only_makes_us_look_again(kind: Any) -> None:
    after = decide_not_performed(WAITING, facts(known(BACK)), not_performed(kind), POLICY)
    before = decide_not_performed(WAITING, facts(known(SERVING)), not_performed(kind, "another"), POLICY)
    assert after == before == Decision(WAITING, [AGAIN])


@pytest.mark.parametrize("state", [Rollback(), WAITING, DONE], ids=["new", "waiting", "done"])
def test_an_approval_disturbs_no_rollback(state: Rollback) -> None:
    decision = decide_granted(state, facts(known(BACK)), granted(package_ref("3", "d"), digest("e")), POLICY)
    assert decision.state == state.model_copy(update={"approved": {digest("d"): digest("e")}})
    assert decision.effects == ()


def test_an_order_that_operators_did_not_sign_changes_nothing_and_is_said() -> None:
    decision = ordered(forged="it is not signed, and commands must be")
    refused = CommandRefused(
        command=ORDERED.type, about=str(ENDPOINT.entity), operator=ORDERED.operator,
        refusal="it is not signed, and commands must be",
    )  # fmt: skip
    assert decision == Decision(Rollback(), [Publish(event=refused)])
