"""Every outcome of asking a person: in time, once, by somebody else than who asked, on what was shown (R041, N9)."""

from datetime import timedelta
from typing import Any

import pytest

from services.approvals.asking import approval_id
from services.approvals.effects import InviteApprovers, OpenApproval, SettleApproval
from services.approvals.policy import (
    EndpointApprovals,
    ProofKnown,
    decide_after_failed_staging,
    decide_after_failure,
    decide_after_supersession,
    decide_at_deadline,
    decide_on_decision,
    decide_to_ask,
)
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalSuperseded,
    CheckResult,
    DeadlineReached,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.reactor import Decision, Known, Publish, RemindAt, SendNotice
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, facts, package_ref, policy_document

HOUR = 3600.0
POLICY = policy_document(
    approvals={"personas": ["project-lead", "ml-engineer"], "remind_after_s": HOUR, "expires_after_s": 3 * HOUR}
)
CHECKS = (CheckResult(name="golden_rows", verdict="passed"),)
AFTER_ALL = timedelta(hours=3)
HOLDS, FAILS = ProofKnown(holds=True), ProofKnown(holds=False)


def passed(version: str = "1", character: str = "a", evidence: str = "e") -> StagingPassed:
    return StagingPassed(
        candidate=package_ref(version, character),
        endpoint=endpoint_ref(),
        requested_by="Dana@example.com",
        evidence=digest(evidence),
        profile=digest("f"),
        checks=CHECKS,
        reason="all checks passed",
    )


def as_type[E: (StagingInconclusive, StagingFailed)](kind: type[E], event: StagingPassed, **changes: Any) -> E:
    return kind.model_validate({**event.model_dump(), **changes})


ASKED = decide_to_ask(EndpointApprovals(), facts(Known()), passed(), POLICY)
OPEN = ASKED.state
assert OPEN.open is not None
APPROVAL = OPEN.open


def decided(**changes: Any) -> ApprovalDecided:
    fields: dict[str, Any] = {
        "approval_id": APPROVAL.id,
        "endpoint": endpoint_ref(),
        "verdict": "approve",
        "approver": "lea@example.com",
        "persona": "project-lead",
        "comment": "good",
        "package": digest("a"),
        "evidence": digest("e"),
        "proof": "p",
    }
    return ApprovalDecided(**{**fields, **changes})


GRANTED = decide_on_decision(OPEN, facts(HOLDS, event_id="decision"), decided(), POLICY).state
REJECTED = decide_on_decision(OPEN, facts(HOLDS, event_id="decision"), decided(verdict="reject"), POLICY).state


def deadline(about: str = "expire", identity: str = APPROVAL.id) -> DeadlineReached:
    return DeadlineReached(
        service="approvals", about=str(endpoint_ref().entity), key=f"{about}:{identity}", at=APPROVAL.expires_at
    )


EXPIRED = decide_at_deadline(OPEN, facts(Known(), after=AFTER_ALL), deadline(), POLICY).state
SETTLED = [GRANTED, REJECTED, EXPIRED]


def published(decision: Decision[EndpointApprovals]) -> list[Any]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def failed(effect: str, decision: str = CAUSE) -> ActionFailed:
    about = str(endpoint_ref().entity)
    return ActionFailed(service="approvals", about=about, decision=decision, effect=effect, reason="no")


# --- asking


def test_passing_staging_asks_every_persona_and_sets_both_reminders_first() -> None:
    remind, expire, opening, request, invite = ASKED.effects
    assert remind == RemindAt(about=f"remind:{APPROVAL.id}", at=NOW + timedelta(hours=1))
    assert expire == RemindAt(about=f"expire:{APPROVAL.id}", at=NOW + timedelta(hours=3))
    assert opening == OpenApproval(approval=APPROVAL)
    assert isinstance(request, Publish)
    assert request.event == ApprovalRequested(
        approval_id=APPROVAL.id,
        endpoint=endpoint_ref(),
        candidate=package_ref(),
        evidence=digest("e"),
        requested_by="Dana@example.com",
        personas=("project-lead", "ml-engineer"),
        expires_at=NOW + timedelta(hours=3),
    )
    assert isinstance(invite, InviteApprovers)
    assert invite.personas == ("project-lead", "ml-engineer")


def test_no_effect_carries_a_link_or_a_token() -> None:
    for effect in ASKED.effects:
        assert "http" not in effect.model_dump_json()
        assert "token" not in effect.model_dump_json()


def test_an_inconclusive_suite_with_evidence_is_a_persons_to_decide() -> None:
    decision = decide_to_ask(
        EndpointApprovals(), facts(Known()), as_type(StagingInconclusive, passed(), reason="few rows"), POLICY
    )
    assert decision.state.open
    assert "could not be judged" in decision.state.open.summary


@pytest.mark.parametrize("missing", [{"evidence": None}, {"checks": ()}])
def test_without_evidence_nobody_is_asked(missing: dict[str, Any]) -> None:
    event = as_type(StagingInconclusive, passed(), **missing)
    for state in (EndpointApprovals(), OPEN, GRANTED):
        assert decide_to_ask(state, facts(Known()), event, POLICY) == Decision(state)


@pytest.mark.parametrize("state", [OPEN, *SETTLED])
def test_the_same_evidence_asks_once_for_ever(state: EndpointApprovals) -> None:
    assert decide_to_ask(state, facts(Known(), event_id="again"), passed(), POLICY) == Decision(state)


@pytest.mark.parametrize("newer", [passed(evidence="d"), passed("2", "b", "d")])
def test_something_newer_supersedes_what_is_open(newer: StagingPassed) -> None:
    decision = decide_to_ask(OPEN, facts(Known(), event_id="newer"), newer, POLICY)
    superseded, requested = published(decision)
    assert isinstance(superseded, ApprovalSuperseded)
    assert superseded.approval_id == APPROVAL.id
    assert requested.approval_id == approval_id(newer) != APPROVAL.id
    settle = next(effect for effect in decision.effects if isinstance(effect, SettleApproval))
    assert settle.approval.status == "superseded"
    late = decide_on_decision(decision.state, facts(HOLDS), decided(), POLICY)
    assert published(late)[0].reason == "the approval is already superseded"


def test_a_reminder_after_the_expiry_is_not_set() -> None:
    policy = policy_document(approvals={"remind_after_s": 10, "expires_after_s": 5})
    effects = decide_to_ask(EndpointApprovals(), facts(Known()), passed(), policy).effects
    assert [effect.about.partition(":")[0] for effect in effects if isinstance(effect, RemindAt)] == ["expire"]


def test_a_candidate_that_fails_later_is_not_to_be_approved_on_its_earlier_evidence() -> None:
    decision = decide_after_failed_staging(OPEN, facts(Known()), as_type(StagingFailed, passed()), POLICY)
    assert isinstance(published(decision)[0], ApprovalSuperseded)
    assert decision.state.open is None


@pytest.mark.parametrize("state", [EndpointApprovals(), *SETTLED])
def test_a_failed_candidate_that_nobody_is_asked_about_changes_nothing(state: EndpointApprovals) -> None:
    event = as_type(StagingFailed, passed())
    assert decide_after_failed_staging(state, facts(Known()), event, POLICY) == Decision(state)
    other = as_type(StagingFailed, passed("2", "b"))
    assert decide_after_failed_staging(OPEN, facts(Known()), other, POLICY) == Decision(OPEN)


# --- deciding


@pytest.mark.parametrize(
    ("verdict", "fact", "status"), [("approve", ApprovalGranted, "granted"), ("reject", ApprovalRejected, "rejected")]
)
def test_a_decision_that_counts_settles_the_approval(verdict: str, fact: type[ApprovalGranted], status: str) -> None:
    decision = decide_on_decision(OPEN, facts(HOLDS, event_id="d"), decided(verdict=verdict), POLICY)
    publish, settle = decision.effects
    assert publish == Publish(
        event=fact(
            approval_id=APPROVAL.id,
            endpoint=endpoint_ref(),
            candidate=package_ref(),
            evidence=digest("e"),
            profile=digest("f"),
            approver="lea@example.com",
            approvers=("lea@example.com",),
            reason="good",
            requested_at=APPROVAL.opened_at,
        )
    )
    assert isinstance(settle, SettleApproval)
    assert (settle.approval.status, settle.approval.decided_by) == (status, "lea@example.com")
    assert decision.state.open is None


@pytest.mark.parametrize(
    ("changes", "known", "after", "reason"),
    [
        ({}, FAILS, timedelta(), "proof"),
        ({}, HOLDS, AFTER_ALL, "expired"),
        ({"package": digest("b")}, HOLDS, timedelta(), "another package"),
        ({"evidence": digest("d")}, HOLDS, timedelta(), "other evidence"),
        ({"evidence": None}, HOLDS, timedelta(), "other evidence"),
        ({"approver": "dana@example.com"}, HOLDS, timedelta(), "own request"),
        ({"approver": " DANA@EXAMPLE.COM "}, HOLDS, timedelta(), "own request"),
        ({"persona": "model-end-user"}, HOLDS, timedelta(), "may not decide"),
        ({"persona": ""}, HOLDS, timedelta(), "may not decide"),
        ({"approval_id": "unknown"}, HOLDS, timedelta(), "no such approval"),
    ],
)
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_decision_that_does_not_count_is_refused_with_its_reason_and_leaves_it_open(
    changes: dict[str, Any], known: ProofKnown, after: timedelta, reason: str, verdict: str
) -> None:
    event = decided(**{**changes, "verdict": verdict})
    decision = decide_on_decision(OPEN, facts(known, after=after), event, POLICY)
    (refusal,) = published(decision)
    assert isinstance(refusal, ApprovalRefused)
    assert reason in refusal.reason
    assert refusal.approver == event.approver
    assert len(decision.effects) == 1
    assert decision.state == OPEN


@pytest.mark.parametrize(("state", "status"), [(GRANTED, "granted"), (REJECTED, "rejected"), (EXPIRED, "expired")])
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_replay_second_click_and_both_at_once_find_it_settled(
    state: EndpointApprovals, status: str, verdict: str
) -> None:
    decision = decide_on_decision(state, facts(HOLDS), decided(verdict=verdict), POLICY)
    assert published(decision)[0].reason == f"the approval is already {status}"
    assert decision.state == state


def test_a_decision_about_an_endpoint_never_asked_about_is_refused() -> None:
    decision = decide_on_decision(EndpointApprovals(), facts(FAILS), decided(), POLICY)
    assert published(decision)[0].reason == "there is no such approval"


# --- time


def test_the_reminder_invites_again() -> None:
    decision = decide_at_deadline(OPEN, facts(Known(), after=timedelta(hours=1)), deadline("remind"), POLICY)
    (invite,) = decision.effects
    assert isinstance(invite, InviteApprovers)
    assert invite.title.startswith("Reminder: ")
    assert decision.state.open == APPROVAL


@pytest.mark.parametrize("about", ["expire", "remind"])
def test_what_nobody_decides_in_time_expires(about: str) -> None:
    decision = decide_at_deadline(OPEN, facts(Known(), after=AFTER_ALL), deadline(about), POLICY)
    publish, settle = decision.effects
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, ApprovalExpired)
    assert isinstance(settle, SettleApproval)
    assert settle.approval.status == "expired"
    assert decision.state.open is None


def test_an_expiry_that_comes_too_early_is_asked_for_again() -> None:
    """Asked for at the same moment, it would be the same event, which is not heard twice."""
    decision = decide_at_deadline(OPEN, facts(Known(), event_id="early"), deadline(), POLICY)
    later = APPROVAL.expires_at + timedelta(seconds=1)
    assert decision.effects == (RemindAt(about=f"expire:{APPROVAL.id}", at=later),)
    assert decision.state.open == APPROVAL
    lost = decide_after_failure(decision.state, facts(Known()), failed("remind_at", "early"), POLICY)
    assert lost.state.open is None


@pytest.mark.parametrize("state", [EndpointApprovals(), *SETTLED])
@pytest.mark.parametrize("about", ["expire", "remind", "else"])
def test_a_needless_reminder_changes_nothing(state: EndpointApprovals, about: str) -> None:
    late = facts(Known(), after=AFTER_ALL)
    assert decide_at_deadline(state, late, deadline(about), POLICY) == Decision(state)
    assert decide_at_deadline(OPEN, late, deadline(about, "older"), POLICY) == Decision(OPEN)


# --- failures


@pytest.mark.parametrize("effect", ["open_approval", "publish", "remind_at", "settle_approval"])
def test_a_request_that_could_not_be_seen_through_is_over(effect: str) -> None:
    decision = decide_after_failure(OPEN, facts(Known(), event_id="later"), failed(effect), POLICY)
    (fact,) = published(decision)
    assert isinstance(fact, ApprovalExpired)
    assert "could not be seen through" in fact.reason
    assert decision.state.open is None


def test_an_invitation_that_failed_waits_for_the_reminder() -> None:
    assert decide_after_failure(OPEN, facts(Known()), failed("invite_approvers"), POLICY) == Decision(OPEN)


def test_an_outcome_that_could_not_be_published_is_told_to_people_once() -> None:
    first = decide_after_failure(GRANTED, facts(Known(), event_id="later"), failed("publish", "decision"), POLICY)
    assert [effect.audience for effect in first.effects if isinstance(effect, SendNotice)] == [
        "project-lead",
        "ml-engineer",
    ]
    again = decide_after_failure(first.state, facts(Known()), failed("send_notice", "later"), POLICY)
    assert again == Decision(first.state)


@pytest.mark.parametrize("state", [EndpointApprovals(), OPEN, *SETTLED])
def test_late_failures_and_supersessions_change_nothing(state: EndpointApprovals) -> None:
    late = failed("publish", decision="older")
    assert decide_after_failure(state, facts(Known()), late, POLICY) == Decision(state)
    unread = failed("gather", decision="the event that could not be gathered for")
    assert decide_after_failure(state, facts(Known()), unread, POLICY) == Decision(state)
    superseded = ActionSuperseded(**late.model_dump())
    assert decide_after_supersession(state, facts(Known()), superseded, POLICY) == Decision(state)


@pytest.mark.parametrize("state", SETTLED)
@pytest.mark.parametrize("effect", ["settle_approval", "send_notice", "invite_approvers"])
def test_a_settled_approval_is_not_reopened_by_a_failure(state: EndpointApprovals, effect: str) -> None:
    assert decide_after_failure(state, facts(Known()), failed(effect, state.decision), POLICY) == Decision(state)
