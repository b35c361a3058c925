"""Approvals that nobody decides, or that could not be opened."""

from datetime import timedelta

from services.approvals.asking import EXPIRE, REMIND, invitation
from services.approvals.effects import InviteApprovers, SettleApproval
from services.approvals.state import EndpointApprovals
from shared.events import ActionFailed, ActionSuperseded, ApprovalExpired, DeadlineReached
from shared.policies import PolicyDocument
from shared.ports import Approval
from shared.reactor import Decision, Facts, Known, Publish, RemindAt, SendNotice


def decide_at_deadline(
    state: EndpointApprovals, facts: Facts[Known], event: DeadlineReached, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """Remind, or expire. A reminder about an approval that is not open any more is needless."""
    about, _, identity = event.key.partition(":")
    approval = state.open
    if approval is None or approval.id != identity:
        return Decision(state)
    if facts.now >= approval.expires_at:
        return expire(state, approval, facts, "nobody decided in time")
    going_on = state.model_copy(update={"decision": facts.event_id})
    if about == EXPIRE:
        # Whoever rang is ahead of our clock. The same moment would be the same event, and never be heard again.
        later = max(event.at, approval.expires_at) + timedelta(seconds=1)
        return Decision(going_on, (RemindAt(about=event.key, at=later),))
    if about == REMIND:
        return Decision(going_on, (invitation(approval, again=True),))
    return Decision(state)


def expire(
    state: EndpointApprovals, approval: Approval, facts: Facts[Known], reason: str
) -> Decision[EndpointApprovals]:
    """Nothing is promoted: what was not approved is not approved."""
    expired = approval.model_copy(update={"status": "expired", "reason": reason})
    fact = ApprovalExpired(
        approval_id=approval.id,
        endpoint=approval.endpoint,
        candidate=approval.candidate,
        evidence=approval.evidence,
        profile=state.profile,
        reason=reason,
    )
    return Decision(state.settling(expired, facts.event_id), (Publish(event=fact), SettleApproval(approval=expired)))


def decide_after_failure(
    state: EndpointApprovals, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """An invitation that failed is sent again by the reminder; an approval that could not be seen through is over.

    A settlement that could not be published is told to those who may approve: nothing is promoted meanwhile.
    """
    if event.decision != state.decision or event.effect == SendNotice.kind:
        return Decision(state)
    reason = f"{event.effect}: {event.reason}"
    if state.open is not None:
        if event.effect == InviteApprovers.kind:
            return Decision(state)
        return expire(state, state.open, facts, f"it could not be seen through ({reason})")
    if event.effect != Publish.kind or not state.settled:
        return Decision(state)
    title = f"The outcome of an approval could not be published ({state.settled[-1].status})"
    personas = policy.limits(event.entity.name).approvals.personas
    told = state.model_copy(update={"decision": facts.event_id})
    return Decision(told, tuple(SendNotice(audience=persona, title=title, text=reason) for persona in personas))


def decide_after_supersession(
    state: EndpointApprovals, facts: Facts[Known], event: ActionSuperseded, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """None of these effects expects a generation, so nothing follows."""
    return Decision(state)
