"""When to ask a person, and what (R041)."""

from datetime import timedelta

from services.approvals.effects import InviteApprovers, OpenApproval, SettleApproval
from services.approvals.state import EndpointApprovals
from shared.events import (
    ApprovalRequested,
    ApprovalSuperseded,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
    derive_id,
)
from shared.policies import PolicyDocument
from shared.ports import Approval
from shared.reactor import Decision, Effect, Facts, Known, Publish, RemindAt

REMIND, EXPIRE = "remind", "expire"


def approval_id(event: StagingPassed | StagingInconclusive) -> str:
    """One approval for each endpoint, package and evidence: asking again for the same is the same approval."""
    return derive_id("approval", str(event.endpoint.entity), event.candidate.digest, event.evidence or "")


def decide_to_ask(
    state: EndpointApprovals,
    facts: Facts[Known],
    event: StagingPassed | StagingInconclusive,
    policy: PolicyDocument,
) -> Decision[EndpointApprovals]:
    """Open an approval in place of an older one. Without evidence there is nothing to show, so nobody is asked."""
    identity = approval_id(event)
    known = state.ended(identity) or (state.open and state.open.id == identity)
    if known or event.evidence is None or not event.checks:
        return Decision(state)
    limits = policy.limits(event.endpoint.name).approvals
    approval = Approval(
        id=identity,
        endpoint=event.endpoint,
        candidate=event.candidate,
        evidence=event.evidence,
        title=f"May model {event.candidate.model} serve {event.endpoint.name}?",
        summary=_summary(event),
        requested_by=event.requested_by,
        personas=limits.personas,
        opened_at=facts.now,
        expires_at=facts.now + timedelta(seconds=limits.expires_after_s),
    )
    before, closing = supersede(state, facts, "a newer request for this endpoint has taken its place")
    reminder = (_reminder(approval, limits.remind_after_s),) if limits.remind_after_s < limits.expires_after_s else ()
    opened = EndpointApprovals(open=approval, profile=event.profile, settled=before.settled, decision=facts.event_id)
    return Decision(opened, (*closing, *reminder, *_opening(approval)))


def _summary(event: StagingPassed | StagingInconclusive) -> str:
    verdict = "passed staging" if isinstance(event, StagingPassed) else "could not be judged by staging"
    against = f"against {event.champion.model}" if event.champion else "with nothing serving yet"
    return f"Model {event.candidate.model} {verdict}, {against}. {event.reason}".strip()


def _reminder(approval: Approval, after_s: float) -> RemindAt:
    return RemindAt(about=f"{REMIND}:{approval.id}", at=approval.opened_at + timedelta(seconds=after_s))


def _opening(approval: Approval) -> tuple[Effect, ...]:
    """The expiry comes first, so that an approval ends even if nothing after it could be done."""
    request = ApprovalRequested(
        approval_id=approval.id,
        endpoint=approval.endpoint,
        candidate=approval.candidate,
        evidence=approval.evidence,
        requested_by=approval.requested_by,
        personas=approval.personas,
        expires_at=approval.expires_at,
    )
    return (
        RemindAt(about=f"{EXPIRE}:{approval.id}", at=approval.expires_at),
        OpenApproval(approval=approval),
        Publish(event=request),
        invitation(approval),
    )


def invitation(approval: Approval, again: bool = False) -> InviteApprovers:
    return InviteApprovers(
        approval_id=approval.id,
        personas=approval.personas,
        title=f"Reminder: {approval.title}" if again else approval.title,
        text=f"{approval.summary} The request expires at {approval.expires_at:%Y-%m-%d %H:%M} UTC.",
        expires_at=approval.expires_at,
    )


def decide_after_failed_staging(
    state: EndpointApprovals, facts: Facts[Known], event: StagingFailed, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """A candidate that has failed since it was asked about is not to be approved on its earlier evidence."""
    if state.open is None or state.open.candidate.digest != event.candidate.digest:
        return Decision(state)
    closed, effects = supersede(state, facts, f"the candidate has failed staging since: {event.reason}")
    return Decision(closed, effects)


def supersede(
    state: EndpointApprovals, facts: Facts[Known], reason: str
) -> tuple[EndpointApprovals, tuple[Effect, ...]]:
    """The state without its open approval, and what says so."""
    if state.open is None:
        return state, ()
    closed = state.open.model_copy(update={"status": "superseded", "reason": reason})
    fact = ApprovalSuperseded(
        approval_id=closed.id,
        endpoint=closed.endpoint,
        candidate=closed.candidate,
        evidence=closed.evidence,
        profile=state.profile,
        reason=reason,
    )
    return state.settling(closed, facts.event_id), (Publish(event=fact), SettleApproval(approval=closed))
