"""Which decision of a person counts (N9): in time, once, by somebody else than who asked, on exactly what was shown."""

from typing import Any

from services.approvals.effects import SettleApproval
from services.approvals.state import EndpointApprovals, ProofKnown
from shared.events import ApprovalDecided, ApprovalGranted, ApprovalRefused, ApprovalRejected
from shared.policies import PolicyDocument
from shared.ports import Approval
from shared.reactor import Decision, Facts, Publish


def decide_on_decision(
    state: EndpointApprovals, facts: Facts[ProofKnown], event: ApprovalDecided, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """Grant, reject, or refuse the decision itself; the first one that counts settles the approval."""
    approval = state.open
    if approval is None or approval.id != event.approval_id:
        return _refuse(state, facts, event, _why_not_open(state, event.approval_id))
    reason = _why_it_does_not_count(approval, facts, event)
    if reason:
        return _refuse(state, facts, event, reason)
    return _settle(state, approval, facts, event)


def _why_not_open(state: EndpointApprovals, approval_id: str) -> str:
    ended = state.ended(approval_id)
    return f"the approval is already {ended.status}" if ended else "there is no such approval"


def _why_it_does_not_count(approval: Approval, facts: Facts[ProofKnown], event: ApprovalDecided) -> str:
    """Empty when it counts. The proof comes first: without it, nothing else the event says can be believed."""
    if not facts.known.holds:
        return "the proof does not match: the decision was not made through this approval's link"
    if facts.now >= approval.expires_at:
        return "the approval has expired"
    if event.package != approval.candidate.digest:
        return "the decision is about another package"
    if event.evidence != approval.evidence:
        return "the decision is about other evidence"
    if event.approver.strip().casefold() == approval.requested_by.strip().casefold():
        return "nobody approves their own request"
    if event.persona not in approval.personas:
        return f"persona {event.persona!r} may not decide this; allowed: {', '.join(approval.personas)}"
    return ""


def _settle(
    state: EndpointApprovals, approval: Approval, facts: Facts[ProofKnown], event: ApprovalDecided
) -> Decision[EndpointApprovals]:
    granted = event.verdict == "approve"
    update = {"status": "granted" if granted else "rejected", "decided_by": event.approver, "reason": event.comment}
    settled = approval.model_copy(update=update)
    said: dict[str, Any] = {
        "approval_id": approval.id,
        "endpoint": approval.endpoint,
        "candidate": approval.candidate,
        "evidence": approval.evidence,
        "profile": state.profile,
        "approver": event.approver,
        "reason": event.comment,
    }
    fact = ApprovalGranted(**said) if granted else ApprovalRejected(**said)
    return Decision(state.settling(settled, facts.event_id), (Publish(event=fact), SettleApproval(approval=settled)))


def _refuse(
    state: EndpointApprovals, facts: Facts[ProofKnown], event: ApprovalDecided, reason: str
) -> Decision[EndpointApprovals]:
    """The approval itself stays as it is."""
    refusal = ApprovalRefused(
        approval_id=event.approval_id, endpoint=event.endpoint, approver=event.approver, reason=reason
    )
    return Decision(state, (Publish(event=refusal),))
