"""The way back is swapped once, believed when it is proved, and a person's turn when it is not (F12, F13, N4)."""

from datetime import timedelta
from typing import Any

import pytest

from services.rollback.policy import (
    LOOK,
    decide_granted,
    decide_look,
    decide_not_performed,
    decide_ordered,
    decide_requested,
)
from services.rollback.state import REMEMBERED, Live, Ordered, Rollback, Serving
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    CommandRefused,
    DeadlineReached,
    Event,
    GoldenProof,
    InstanceProof,
    PackageRef,
    RehearsedProof,
    RollbackCompleted,
    RollbackFailed,
    RollbackOrdered,
    RollbackRequested,
    RollbackStarted,
    RollbackSuperseded,
    VersionReport,
)
from shared.packages import Rehearsal
from shared.ports import Manifest, Route
from shared.reactor import Decision, Publish, RemindAt
from shared.serving import Instance, SwapManifest
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, facts, package_ref, policy_document

POLICY = policy_document(rollback={"complete_within_s": 60, "look_every_s": 2})
ENDPOINT = endpoint_ref()
OLD, BAD = Route(package=package_ref("1", "a"), profile=digest("c")), Route(package=package_ref("2", "b"))
SERVING = Manifest(endpoint=ENDPOINT, generation=5, routes=(BAD,), previous=OLD)
CANARY = Manifest(
    endpoint=ENDPOINT, generation=5, previous=OLD,
    routes=(OLD.model_copy(update={"share": 90.0}), BAD.model_copy(update={"share": 10.0})),
)  # fmt: skip
FIRST = Manifest(endpoint=ENDPOINT, generation=5, routes=(BAD,))
BACK = Manifest(endpoint=ENDPOINT, generation=6, routes=(OLD,), previous=BAD)
REQUESTED = RollbackRequested(
    endpoint=ENDPOINT, package=BAD.package, reason="too slow", generation=5, requested_by="promotion"
)
ORDERED = RollbackOrdered(endpoint=ENDPOINT, operator="petra@example.com", reason="complaints")
LOOKED = DeadlineReached(service="rollback", about=str(ENDPOINT.entity), key=LOOK, at=NOW)
REHEARSAL = Rehearsal(package=OLD.package, rows=50, distance=1e-7, outputs=digest("e"), restore_s=1.5)
WAITING = Rollback(
    status="waiting", package=BAD.package, route=OLD, generation=6, reason="too slow", requested_by="promotion",
    started_at=NOW, decision=CAUSE, rehearsal=REHEARSAL, withdrawn=(BAD.package.digest,),
)  # fmt: skip
DONE = WAITING.at_rest
AGAIN = RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))


def known(manifest: Manifest, *, rehearsed: bool = True) -> Serving:
    return Serving(manifest=manifest, rehearsals={BAD.package.digest: REHEARSAL} if rehearsed else {})


def requested(manifest: Manifest = SERVING, state: Rollback | None = None, **changed: Any) -> Decision[Rollback]:
    event = REQUESTED.model_copy(update=changed)
    return decide_requested(state or Rollback(), facts(known(manifest)), event, POLICY)


def ordered(manifest: Manifest = SERVING, state: Rollback | None = None, forged: str = "") -> Decision[Rollback]:
    return decide_ordered(state or Rollback(), facts(Ordered(**dict(known(manifest)), forged=forged)), ORDERED, POLICY)


def proved(
    generation: int = 6, *, at: int = 6, distance: float = 1e-7, failed: int = 0, package: PackageRef = OLD.package
) -> Instance:
    proof = GoldenProof(generation=at, rows=50, distance=distance, outputs=digest("e"))
    return Instance(
        generation=generation, at=NOW, failed=failed, why="digest differs" if failed else "",
        versions={package.digest: VersionReport(package=package, requests=0, rows=0, golden=proof)},
    )  # fmt: skip


def look(
    instances: dict[str, Instance],
    *,
    manifest: Manifest = BACK,
    state: Rollback = WAITING,
    after: timedelta = timedelta(),
) -> Decision[Rollback]:
    return decide_look(state, facts(Live(manifest=manifest, instances=instances), after=after), LOOKED, POLICY)


def said(decision: Decision[Rollback]) -> list[Event]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def swapped(decision: Decision[Rollback]) -> Manifest | None:
    return next((effect.manifest for effect in decision.effects if isinstance(effect, SwapManifest)), None)


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


def test_it_is_complete_when_every_live_instance_has_proved_it() -> None:
    decision = look({"a": proved(), "b": proved(distance=2e-7)}, after=timedelta(seconds=3))
    completed = RollbackCompleted(
        endpoint=ENDPOINT, package=BAD.package, restored=OLD.package, generation=6, reason="too slow",
        requested_by="promotion", instances=2, seconds=3,
        proofs=(
            InstanceProof(instance="a", rows=50, distance=1e-7, outputs=digest("e")),
            InstanceProof(instance="b", rows=50, distance=2e-7, outputs=digest("e")),
        ),
        rehearsal=RehearsedProof(rows=50, distance=1e-7, outputs=digest("e"), restore_s=1.5),
    )  # fmt: skip
    assert decision == Decision(DONE, [Publish(event=completed)])


@pytest.mark.parametrize(
    "instances",
    [
        {},
        {"a": proved(), "b": proved(5, at=5)},
        {"a": proved(), "b": Instance(generation=6, at=NOW)},
        {"a": proved(), "b": proved(at=5)},
        {"a": proved(), "b": proved(package=BAD.package)},
    ],
    ids=["nobody", "one behind", "one unproven", "an old proof", "a proof of another package"],
)
def test_who_has_not_proved_it_is_waited_for_and_named_in_the_end(instances: dict[str, Instance]) -> None:
    assert look(instances) == Decision(WAITING, [AGAIN])
    late = look(instances, after=timedelta(seconds=61))
    (failed,) = said(late)
    assert isinstance(failed, RollbackFailed)
    assert failed.behind == (("b",) if instances else ())
    assert ("b did not" in failed.reason) if instances else ("no scoring instance reported" in failed.reason)
    assert failed.reason.endswith("within 60 s")
    assert late.state == DONE


def test_an_instance_that_cannot_serve_it_is_said_at_once() -> None:
    (failed,) = said(look({"a": proved(), "b": proved(5, at=5, failed=6)}))
    assert isinstance(failed, RollbackFailed)
    assert (failed.behind, failed.reason) == (("b",), "b cannot serve it: digest differs")


def test_a_failure_to_load_an_earlier_generation_does_not_count() -> None:
    assert isinstance(said(look({"a": proved(failed=5)}))[0], RollbackCompleted)


def test_a_proof_that_differs_is_no_proof() -> None:
    (failed,) = said(look({"a": proved(), "b": proved(distance=0.01)}))
    assert isinstance(failed, RollbackFailed)
    assert failed.behind == ("b",)
    assert "the golden rows on b are 0.01 from what the package records" in failed.reason


@pytest.mark.parametrize(
    "manifest",
    [BACK.model_copy(update={"generation": 7}), BACK.model_copy(update={"routes": (BAD,)})],
    ids=["a newer generation", "another package at ours"],
)
def test_what_overtook_it_ends_the_wait_and_is_left_alone(manifest: Manifest) -> None:
    decision = look({"a": proved()}, manifest=manifest)
    assert isinstance(said(decision)[0], RollbackSuperseded)
    assert (decision.state, len(decision.effects)) == (DONE, 1)


def test_a_late_look_changes_nothing() -> None:
    assert look({"a": proved()}, state=DONE) == Decision(DONE)


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
