"""Every outcome of asking a person: in time, once, by somebody else than who asked, on what was shown (R041, N9)."""

from datetime import timedelta
from typing import Any

import pytest

from services.approvals.effects import InviteApprovers, OpenApproval, SettleApproval
from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    ProofKnown,
    decide_after_failed_staging,
    decide_on_decision,
    decide_to_ask,
)
from services.approvals.policy.asking import approval_id
from shared.events import (
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalSuperseded,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.reactor import Decision, Known, Publish, RemindAt
from tests.support.builders import NOW, digest, endpoint_ref, facts, package_ref, policy_document
from tests.unit.services.approvals.asked import (
    AFTER_ALL,
    APPROVAL,
    ASKED,
    EXPIRED,
    FAILS,
    GRANTED,
    HOLDS,
    OPEN,
    POLICY,
    REJECTED,
    SETTLED,
    as_type,
    decided,
    passed,
    published,
)

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
        personas=("project-lead", "model-tester"),
        expires_at=NOW + timedelta(hours=3),
    )
    assert isinstance(invite, InviteApprovers)
    assert invite.personas == ("project-lead", "model-tester")


def test_no_effect_carries_a_link_or_a_token() -> None:
    for effect in ASKED.effects:
        assert "http" not in effect.model_dump_json()
        assert "token" not in effect.model_dump_json()


def test_an_inconclusive_suite_with_evidence_is_a_persons_to_decide() -> None:
    decision = decide_to_ask(
        EndpointApprovals(), facts(AskedBy()), as_type(StagingInconclusive, passed(), reason="few rows"), POLICY
    )
    assert decision.state.open
    assert "could not be judged" in decision.state.open.summary


@pytest.mark.parametrize("missing", [{"evidence": None}, {"checks": ()}])
def test_without_evidence_nobody_is_asked(missing: dict[str, Any]) -> None:
    event = as_type(StagingInconclusive, passed(), **missing)
    for state in (EndpointApprovals(), OPEN, GRANTED):
        assert decide_to_ask(state, facts(AskedBy()), event, POLICY) == Decision(state)


@pytest.mark.parametrize("state", [OPEN, *SETTLED])
def test_the_same_evidence_asks_once_for_ever(state: EndpointApprovals) -> None:
    assert decide_to_ask(state, facts(AskedBy(), event_id="again"), passed(), POLICY) == Decision(state)


@pytest.mark.parametrize("newer", [passed(evidence="d"), passed("2", "b", "d")])
def test_something_newer_supersedes_what_is_open(newer: StagingPassed) -> None:
    decision = decide_to_ask(OPEN, facts(AskedBy(), event_id="newer"), newer, POLICY)
    superseded, requested = published(decision)
    assert isinstance(superseded, ApprovalSuperseded)
    assert superseded.approval_id == APPROVAL.id
    assert requested.approval_id == approval_id(newer) != APPROVAL.id
    settle = next(effect for effect in decision.effects if isinstance(effect, SettleApproval))
    assert (settle.approval.status, settle.approval.settled_at) == ("superseded", NOW)
    late = decide_on_decision(decision.state, facts(HOLDS), decided(), POLICY)
    assert published(late)[0].reason == "the approval is already superseded"


def test_a_reminder_after_the_expiry_is_not_set() -> None:
    policy = policy_document(approvals={"remind_after_s": 10}, people={"expires_after_s": 5})
    effects = decide_to_ask(EndpointApprovals(), facts(AskedBy()), passed(), policy).effects
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
    assert settle.approval.settled_at == NOW
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
