"""Live is what every live instance says is live (R041; design section 5)."""

from datetime import timedelta
from typing import Any

import pytest

from services.promotion.policy import (
    LOOK,
    Live,
    Promotion,
    Serving,
    decide_granted,
    decide_look,
    decide_not_performed,
)
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    DeadlineReached,
    PromotionAborted,
    PromotionCompleted,
    PromotionStarted,
)
from shared.ports import Manifest, Route
from shared.reactor import Decision, Publish, RemindAt
from shared.serving import Instance, SwapManifest
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, facts, package_ref, policy_document

POLICY = policy_document(promotion={"complete_within_s": 60, "look_every_s": 2})
ENDPOINT = endpoint_ref()
OLD, NEW = Route(package=package_ref("1", "a")), Route(package=package_ref("2", "b"), profile=digest("c"))
SERVING = Manifest(endpoint=ENDPOINT, generation=4, routes=(OLD,))
SWAPPED = Manifest(endpoint=ENDPOINT, generation=5, routes=(NEW,), previous=OLD)
GRANTED = ApprovalGranted(
    approval_id="ap1", endpoint=ENDPOINT, candidate=NEW.package, profile=NEW.profile, approver="lea@example.com"
)
LOOKED = DeadlineReached(service="promotion", about=str(ENDPOINT.entity), key=LOOK, at=NOW)
WAITING = Promotion(
    status="waiting", route=NEW, before=OLD, generation=5, approval_id="ap1", started_at=NOW, decision=CAUSE
)


def instance(generation: int, failed: int = 0, why: str = "") -> Instance:
    return Instance(generation=generation, at=NOW, failed=failed, why=why)


def look(
    instances: dict[str, Instance], *, manifest: Manifest = SWAPPED, after: timedelta = timedelta()
) -> Decision[Promotion]:
    return decide_look(WAITING, facts(Live(manifest=manifest, instances=instances), after=after), LOOKED, POLICY)


def test_an_approval_swaps_the_manifest_to_the_next_generation_and_keeps_what_served_before() -> None:
    decision = decide_granted(Promotion(), facts(Serving(manifest=SERVING)), GRANTED, POLICY)
    started = PromotionStarted(
        endpoint=ENDPOINT, package=NEW.package, previous=OLD.package, generation=5, approval_id="ap1"
    )
    assert decision.state == WAITING
    assert decision.effects == [
        SwapManifest(manifest=SWAPPED),
        Publish(event=started),
        RemindAt(about=LOOK, at=NOW + timedelta(seconds=2)),
    ]


def test_a_first_version_has_nothing_to_go_back_to() -> None:
    decision = decide_granted(Promotion(), facts(Serving(manifest=Manifest(endpoint=ENDPOINT))), GRANTED, POLICY)
    swap = decision.effects[0]
    assert isinstance(swap, SwapManifest)
    assert (swap.manifest.generation, swap.manifest.previous) == (1, None)


def test_approving_what_serves_already_changes_nothing() -> None:
    assert decide_granted(Promotion(), facts(Serving(manifest=SWAPPED)), GRANTED, POLICY) == Decision(Promotion())


def test_it_is_complete_when_every_live_instance_reports_the_generation() -> None:
    decision = look({"a": instance(5), "b": instance(5)})
    completed = PromotionCompleted(
        endpoint=ENDPOINT, package=NEW.package, previous=OLD.package, generation=5, instances=2, profile=NEW.profile
    )
    assert decision == Decision(Promotion(generation=5), [Publish(event=completed)])


def test_one_instance_behind_is_waited_for() -> None:
    decision = look({"a": instance(5), "b": instance(4)})
    assert decision == Decision(WAITING, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))])


def test_no_live_instance_is_not_complete() -> None:
    assert look({}).state == WAITING


def test_an_instance_that_does_not_follow_in_time_brings_the_old_version_back() -> None:
    decision = look({"a": instance(5), "b": instance(4)}, after=timedelta(seconds=61))
    back, aborted = decision.effects
    assert isinstance(back, SwapManifest)
    assert back.manifest == Manifest(endpoint=ENDPOINT, generation=6, routes=(OLD,), previous=NEW)
    assert isinstance(aborted, Publish)
    assert aborted.event == PromotionAborted(
        endpoint=ENDPOINT, package=NEW.package, reason="b did not follow within 60 s"
    )


def test_silence_of_all_instances_aborts_as_well() -> None:
    aborted = look({}, after=timedelta(seconds=61)).effects[-1]
    assert isinstance(aborted, Publish)
    assert "no scoring instance reported" in str(aborted.event)


def test_an_instance_that_cannot_load_it_aborts_at_once() -> None:
    decision = look({"a": instance(5), "b": instance(4, failed=5, why="golden rows differ")})
    assert isinstance(decision.effects[0], SwapManifest)
    assert "golden rows differ" in str(decision.effects[1])


def test_a_failure_to_load_an_earlier_generation_does_not_count() -> None:
    assert look({"a": instance(5, failed=3, why="long ago")}).state == Promotion(generation=5)


def test_a_newer_generation_ends_the_wait_and_is_left_alone() -> None:
    decision = look({"a": instance(5)}, manifest=SWAPPED.model_copy(update={"generation": 6}))
    (aborted,) = decision.effects
    assert isinstance(aborted, Publish)
    assert isinstance(aborted.event, PromotionAborted)


def test_a_late_look_changes_nothing() -> None:
    known = facts(Live(manifest=SWAPPED, instances={"a": instance(5)}))
    assert decide_look(Promotion(), known, LOOKED, POLICY) == Decision(Promotion())


def not_performed(kind: type[ActionFailed | ActionSuperseded], *, decision: str = CAUSE) -> Any:
    return kind(
        service="promotion",
        about=str(ENDPOINT.entity),
        decision=decision,
        effect="swap_manifest",
        reason="generation 7",
    )


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
def test_a_swap_that_was_not_performed_ends_the_promotion_without_going_back(
    kind: type[ActionFailed | ActionSuperseded],
) -> None:
    known, event = facts(Serving(manifest=SERVING)), not_performed(kind)
    aborted = PromotionAborted(endpoint=ENDPOINT, package=NEW.package, reason="generation 7")
    expected = Decision(Promotion(generation=5), [Publish(event=aborted)])
    assert decide_not_performed(WAITING, known, event, POLICY) == expected
    assert decide_not_performed(Promotion(), known, event, POLICY) == Decision(Promotion())


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
def test_an_effect_after_a_swap_that_happened_only_makes_us_look_again(
    kind: type[ActionFailed | ActionSuperseded],
) -> None:
    decision = decide_not_performed(WAITING, facts(Serving(manifest=SWAPPED)), not_performed(kind), POLICY)
    assert decision == Decision(WAITING, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))])


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
def test_what_became_of_an_earlier_approval_does_not_end_the_promotion_that_took_over(
    kind: type[ActionFailed | ActionSuperseded],
) -> None:
    event = not_performed(kind, decision="the approval before")
    decision = decide_not_performed(WAITING, facts(Serving(manifest=SERVING)), event, POLICY)
    assert decision == Decision(WAITING, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))])


def test_another_package_at_our_generation_is_never_announced_as_ours() -> None:
    """Two approvals expected the same generation, and the other one was faster."""
    raced = SWAPPED.model_copy(update={"routes": (Route(package=package_ref("3", "d")),)})
    decision = look({"a": instance(5)}, manifest=raced)
    reason = "another generation became current meanwhile"
    aborted = PromotionAborted(endpoint=ENDPOINT, package=NEW.package, reason=reason)
    assert decision == Decision(Promotion(generation=5), [Publish(event=aborted)])
