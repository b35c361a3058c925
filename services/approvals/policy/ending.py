"""Approvals that nobody decides, or that could not be opened."""

from datetime import timedelta

from services.approvals.effects import InviteApprovers, SettleApproval, ShowApproval
from services.approvals.limits import ApprovalLimits
from services.approvals.policy import outcomes
from services.approvals.policy.asking import ESCALATE, EXPIRE, REMIND, invitation
from services.approvals.policy.state import EndpointApprovals
from shared.approvals import Approval
from shared.approvals.quorum import seats_of
from shared.events import ActionFailed, ActionSuperseded, ApprovalEscalated, DeadlineReached
from shared.policies import People, PolicyDocument
from shared.reactor import Decision, Effect, Facts, Known, Publish, ReleaseAction, RemindAt, SendNotice


def decide_at_deadline(
    state: EndpointApprovals, facts: Facts[Known], event: DeadlineReached, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """Remind, escalate, or end it. A reminder about an approval that is not open any more is needless."""
    about, _, identity = event.key.partition(":")
    approval = state.open
    if approval is None or approval.id != identity:
        return Decision(state)
    limits = policy.section(ApprovalLimits, approval.thing)
    if facts.now >= approval.expires_at:
        if limits.at_expiry == "escalate" and not approval.escalated:
            more_s = policy.section(People, approval.thing).expires_after_s
            return _escalate(state, approval, facts, limits, more_s)
        return expire(state, approval, facts, "nobody decided in time")
    going_on = state.model_copy(update={"decision": facts.event_id})
    if about == EXPIRE:
        # Whoever rang is ahead of our clock. The same moment would be the same event, and never be heard again.
        later = max(event.at, approval.expires_at) + timedelta(seconds=1)
        return Decision(going_on, (RemindAt(about=event.key, at=later),))
    if about == REMIND:
        return Decision(going_on, (invitation(approval, again=True),))
    if about == ESCALATE and limits.escalate_to and not approval.escalated:
        return _escalate(state, approval, facts, limits, 0)
    return Decision(state)


def _escalate(
    state: EndpointApprovals, approval: Approval, facts: Facts[Known], limits: ApprovalLimits, more_s: float
) -> Decision[EndpointApprovals]:
    """`escalate_to` may take every seat. With `more_s` of further time, earlier links are over and all are invited."""
    seats = [seat.model_copy(update={"personas": _with(seat.personas, limits)}) for seat in seats_of(approval)]
    update = {
        "personas": _with(approval.personas, limits),
        "seats": tuple(seats) if approval.seats else (),
        "escalated": True,
        "escalation": None,
        "expires_at": approval.expires_at + timedelta(seconds=more_s),
        "revision": approval.revision + 1,
    }
    wider = approval.model_copy(update=update)
    waited = facts.now - approval.opened_at
    fact = ApprovalEscalated(
        approval_id=wider.id,
        scope=wider.scope,
        personas=limits.escalate_to,
        expires_at=wider.expires_at,
        reason=f"nobody decided within {timedelta(seconds=round(waited.total_seconds()))}",
    )
    end = [RemindAt(about=f"{EXPIRE}:{wider.id}", at=wider.expires_at)] if more_s else []
    invited = invitation(wider, only=() if more_s else limits.escalate_to)
    effects: list[Effect] = [*end, ShowApproval(approval=wider), Publish(event=fact), invited]
    return Decision(state.model_copy(update={"open": wider, "decision": facts.event_id}), effects)


def _with(personas: tuple[str, ...], limits: ApprovalLimits) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*personas, *limits.escalate_to)))


def expire(
    state: EndpointApprovals, approval: Approval, facts: Facts[Known], reason: str
) -> Decision[EndpointApprovals]:
    """Nothing is promoted or done: what was not approved is not approved."""
    expired = approval.model_copy(update={"status": "expired", "reason": reason, "settled_at": facts.now})
    fact = outcomes.expired(approval, state.profile, reason)
    return Decision(state.settling(expired, facts.event_id), (fact, SettleApproval(approval=expired)))


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
    if event.effect not in (Publish.kind, ReleaseAction.kind) or not state.settled:
        return Decision(state)
    title = f"The outcome of an approval could not be published ({state.settled[-1].status})"
    personas = state.settled[-1].personas or policy.section(People, event.entity).personas
    told = state.model_copy(update={"decision": facts.event_id})
    notices = [SendNotice(audience=persona, title=title, text=reason, severity="error") for persona in personas]
    return Decision(told, notices)


def decide_after_supersession(
    state: EndpointApprovals, facts: Facts[Known], event: ActionSuperseded, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """None of these effects expects a generation, so nothing follows."""
    return Decision(state)
