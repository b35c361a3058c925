"""When to ask a person, and what (R041)."""

from datetime import datetime, timedelta

from services.approvals.effects import InviteApprovers, OpenApproval, SettleApproval
from services.approvals.limits import ApprovalLimits
from services.approvals.policy.four_eyes import UNKNOWN, AskedBy, may_decide, seats
from services.approvals.policy.state import EndpointApprovals
from shared.approvals import Approval, Escalation
from shared.approvals.identity import identity
from shared.events import (
    ApprovalRequested,
    ApprovalSuperseded,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
    derive_id,
)
from shared.events.announcement import sentence
from shared.policies import People, PolicyDocument
from shared.reactor import Decision, Effect, Facts, Known, Publish, RemindAt

REMIND, ESCALATE, EXPIRE = "remind", "escalate", "expire"


def approval_id(event: StagingPassed | StagingInconclusive) -> str:
    """One approval for each endpoint, package and evidence: asking again for the same is the same approval."""
    return derive_id("approval", str(event.endpoint.entity), event.candidate.digest, event.evidence or "")


def decide_to_ask(
    state: EndpointApprovals,
    facts: Facts[AskedBy],
    event: StagingPassed | StagingInconclusive,
    policy: PolicyDocument,
) -> Decision[EndpointApprovals]:
    """Open an approval in place of an older one. Without evidence there is nothing to show, so nobody is asked."""
    identity = approval_id(event)
    known = state.ended(identity) or (state.open and state.open.id == identity)
    if known or event.evidence is None or not event.checks:
        return Decision(state)
    limits, people = policy.section(ApprovalLimits, event.endpoint), policy.section(People, event.endpoint)
    requesters = requesters_of(event, facts.known)
    approval = Approval(
        id=identity,
        scope=str(event.endpoint.entity),
        endpoint=event.endpoint,
        candidate=event.candidate,
        evidence=event.evidence,
        title=f"May model {event.candidate.model} serve {event.endpoint.name}?",
        summary=_summary(event) if requesters else f"{_summary(event)} {UNKNOWN}",
        requested_by=event.requested_by,
        requesters=requesters,
        personas=may_decide(limits, people),
        seats=seats(limits, people, second_person=not requesters),
        opened_at=facts.now,
        expires_at=facts.now + timedelta(seconds=people.expires_after_s),
        escalation=escalation(limits, people, facts.now),
    )
    request = ApprovalRequested(
        approval_id=approval.id,
        endpoint=event.endpoint,
        candidate=event.candidate,
        evidence=approval.evidence,
        requested_by=approval.requested_by,
        personas=approval.personas,
        expires_at=approval.expires_at,
    )
    before, closing = supersede(state, facts, "a newer request for this endpoint has taken its place")
    opened = EndpointApprovals(open=approval, profile=event.profile, settled=before.settled, decision=facts.event_id)
    return Decision(opened, (*closing, *opening(approval, limits, Publish(event=request))))


def escalation(limits: ApprovalLimits, people: People, now: datetime) -> Escalation | None:
    """What follows if nobody decides, for the page to say: before the end, or else at it."""
    if not limits.escalate_to:
        return None
    after_s, ends_s = limits.escalate_after_s, people.expires_after_s
    if after_s is not None and after_s < ends_s:
        return Escalation(at=now + timedelta(seconds=after_s), to=limits.escalate_to)
    if limits.at_expiry == "escalate":
        return Escalation(at=now + timedelta(seconds=ends_s), to=limits.escalate_to, more_s=ends_s)
    return None


def requesters_of(event: StagingPassed | StagingInconclusive, known: AskedBy) -> tuple[str, ...]:
    """What registration noted; of what was registered by an earlier build, whom the event names."""
    named = identity(event.requested_by)
    return known.requesters or ((named,) if named else ())


def _summary(event: StagingPassed | StagingInconclusive) -> str:
    verdict = "passed staging" if isinstance(event, StagingPassed) else "could not be judged by staging"
    against = f"against {event.champion.model}" if event.champion else "with nothing serving yet"
    return f"Model {event.candidate.model} {verdict}, {against}. {event.reason}".strip()


def opening(approval: Approval, limits: ApprovalLimits, *requests: Publish) -> tuple[Effect, ...]:
    """All reminders come first, so that an approval ends even if nothing after them could be done."""
    times = {REMIND: limits.remind_after_s, ESCALATE: limits.escalate_after_s}
    before_the_end = (
        RemindAt(about=f"{about}:{approval.id}", at=approval.opened_at + timedelta(seconds=after_s))
        for about, after_s in times.items()
        if after_s is not None and approval.opened_at + timedelta(seconds=after_s) < approval.expires_at
    )
    end = RemindAt(about=f"{EXPIRE}:{approval.id}", at=approval.expires_at)
    return (*before_the_end, end, OpenApproval(approval=approval), *requests, invitation(approval))


def invitation(approval: Approval, again: bool = False, only: tuple[str, ...] = ()) -> InviteApprovers:
    """To all who may decide, or `only` to some; whom it was passed on to is invited by their delegator's word."""
    return InviteApprovers(
        approval_id=approval.id,
        personas=only or approval.personas,
        title=f"Reminder: {approval.title}" if again else approval.title,
        text=f"{sentence(approval.summary)} The request expires at {approval.expires_at:%Y-%m-%d %H:%M} UTC.",
        expires_at=approval.expires_at,
        severity="warning" if again or approval.escalated else "info",
    )


def decide_after_failed_staging(
    state: EndpointApprovals, facts: Facts[Known], event: StagingFailed, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """A candidate that has failed since it was asked about is not to be approved on its earlier evidence."""
    if state.open is None or state.open.candidate is None or state.open.candidate.digest != event.candidate.digest:
        return Decision(state)
    closed, effects = supersede(state, facts, f"the candidate has failed staging since: {event.reason}")
    return Decision(closed, effects)


def supersede(
    state: EndpointApprovals, facts: Facts[Known], reason: str
) -> tuple[EndpointApprovals, tuple[Effect, ...]]:
    """The state without its open approval, and what says so."""
    if state.open is None or state.open.candidate is None or state.open.endpoint is None:
        return state, ()
    closed = state.open.model_copy(update={"status": "superseded", "reason": reason, "settled_at": facts.now})
    fact = ApprovalSuperseded(
        approval_id=closed.id,
        endpoint=state.open.endpoint,
        candidate=state.open.candidate,
        evidence=closed.evidence,
        profile=state.profile,
        reason=reason,
    )
    return state.settling(closed, facts.event_id), (Publish(event=fact), SettleApproval(approval=closed))
