"""What time does to an open approval, and what comes of effects that fail (R041, N9)."""

from datetime import timedelta

import pytest

from services.approvals.effects import InviteApprovers, SettleApproval
from services.approvals.policy import (
    EndpointApprovals,
    decide_after_failure,
    decide_after_supersession,
    decide_at_deadline,
)
from services.approvals.policy.asking import invitation
from shared.events import (
    ActionSuperseded,
    ApprovalExpired,
)
from shared.reactor import Decision, Known, Publish, RemindAt, SendNotice
from tests.support.builders import NOW, facts
from tests.unit.services.approvals.asked import (
    AFTER_ALL,
    APPROVAL,
    GRANTED,
    OPEN,
    POLICY,
    SETTLED,
    deadline,
    failed,
    published,
)

# --- time


def test_the_reminder_invites_again() -> None:
    decision = decide_at_deadline(OPEN, facts(Known(), after=timedelta(hours=1)), deadline("remind"), POLICY)
    (invite,) = decision.effects
    assert isinstance(invite, InviteApprovers)
    assert invite.title.startswith("Reminder: ")
    assert (invite.severity, invitation(APPROVAL).severity) == ("warning", "info")
    assert decision.state.open == APPROVAL


@pytest.mark.parametrize("about", ["expire", "remind"])
def test_what_nobody_decides_in_time_expires(about: str) -> None:
    decision = decide_at_deadline(OPEN, facts(Known(), after=AFTER_ALL), deadline(about), POLICY)
    publish, settle = decision.effects
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, ApprovalExpired)
    assert isinstance(settle, SettleApproval)
    assert (settle.approval.status, settle.approval.settled_at) == ("expired", NOW + AFTER_ALL)
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
    assert {effect.severity for effect in first.effects if isinstance(effect, SendNotice)} == {"error"}
    assert [effect.audience for effect in first.effects if isinstance(effect, SendNotice)] == [
        "project-lead",
        "model-tester",
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
