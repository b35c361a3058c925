"""Which decision of a person counts (N9): in time, once, by somebody else than who asked, on exactly what was shown."""

from services.approvals.effects import SettleApproval, ShowApproval
from services.approvals.policy import outcomes
from services.approvals.policy.state import EndpointApprovals, ProofKnown
from shared.approvals import Approval, Say
from shared.approvals.quorum import counts, has_said, missing, same, standing, why_excluded
from shared.events import ApprovalDecided, ApprovalEndorsed, ApprovalRefused, DelegationRequested
from shared.policies import PolicyDocument
from shared.reactor import Decision, Effect, Facts, Publish


def decide_on_decision(
    state: EndpointApprovals, facts: Facts[ProofKnown], event: ApprovalDecided, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """Grant, reject, note one of several, or refuse the decision itself. One reject ends it."""
    approval = state.open
    if approval is None or approval.id != event.approval_id:
        return refuse(state, event, event.approver, why_not_open(state, event.approval_id))
    reason = why_it_does_not_count(approval, facts, event, event.approver, event.persona)
    say = standing(approval, event.approver, (event.persona,))
    if reason or say is None:
        return refuse(state, event, event.approver, reason)
    said = say.model_copy(update={"comment": event.comment, "approver_id": event.approver_id})
    if event.verdict == "reject":
        return _reject(state, approval, facts, said)
    reason = _why_it_helps_nobody(approval, said)
    return refuse(state, event, event.approver, reason) if reason else _approve(state, approval, facts, said)


def why_not_open(state: EndpointApprovals, approval_id: str) -> str:
    ended = state.ended(approval_id)
    return f"the approval is already {ended.status}" if ended else "there is no such approval"


def why_it_does_not_count(
    approval: Approval, facts: Facts[ProofKnown], event: ApprovalDecided | DelegationRequested, who: str, persona: str
) -> str:
    """Empty when it counts. The proof comes first: without it, nothing else the event says can be believed."""
    if not facts.known.holds:
        return "the proof does not match: the decision was not made through this approval's link"
    if facts.now >= approval.expires_at:
        return "the approval has expired"
    if event.package != approval.subject:
        return "the decision is about another package"
    if event.evidence != approval.evidence:
        return "the decision is about other evidence"
    if reason := why_excluded(approval, who, object_id_of(event)):
        return reason
    return "" if standing(approval, who, (persona,)) else _why_no_standing(approval, who, persona)


def object_id_of(event: ApprovalDecided | DelegationRequested) -> str:
    return event.approver_id if isinstance(event, ApprovalDecided) else event.delegator_id


def _why_no_standing(approval: Approval, who: str, persona: str) -> str:
    passed_on = next((given for given in approval.delegations if same(given.delegator, who)), None)
    if passed_on:
        return f"{who} passed it on to {passed_on.delegate}"
    return f"persona {persona!r} may not decide this; allowed: {', '.join(approval.personas)}"


def _why_it_helps_nobody(approval: Approval, say: Say) -> str:
    if has_said(approval, say.approver, say.approver_id):
        return f"{say.approver} has approved already"
    return (
        "" if counts(approval, say) else f"enough of {say.persona} have approved; missing: {', '.join(_left(approval))}"
    )


def _left(approval: Approval) -> tuple[str, ...]:
    return tuple(" or ".join(seat.personas) for seat in missing(approval, approval.says))


def _approve(
    state: EndpointApprovals, approval: Approval, facts: Facts[ProofKnown], say: Say
) -> Decision[EndpointApprovals]:
    said = approval.model_copy(update={"says": (*approval.says, say), "revision": approval.revision + 1})
    left = _left(said)
    if not left:
        names = ", ".join(each.approver for each in said.says)
        update = {"status": "granted", "decided_by": names, "reason": say.comment, "settled_at": facts.now}
        settled = said.model_copy(update=update)
        return settle(state, facts, settled, outcomes.granted(said, state.profile, said.says))
    fact = ApprovalEndorsed(
        approval_id=said.id,
        scope=said.scope,
        approver=say.approver,
        persona=say.persona,
        on_behalf_of=say.on_behalf_of,
        reason=say.comment,
        missing=left,
    )
    going_on = state.model_copy(update={"open": said, "decision": facts.event_id})
    return Decision(going_on, (Publish(event=fact), ShowApproval(approval=said)))


def _reject(
    state: EndpointApprovals, approval: Approval, facts: Facts[ProofKnown], say: Say
) -> Decision[EndpointApprovals]:
    update = {"status": "rejected", "decided_by": say.approver, "reason": say.comment, "settled_at": facts.now}
    fact = outcomes.rejected(approval, state.profile, say.approver, say.comment)
    return settle(state, facts, approval.model_copy(update=update), fact)


def settle(
    state: EndpointApprovals, facts: Facts[ProofKnown], settled: Approval, fact: Effect
) -> Decision[EndpointApprovals]:
    return Decision(state.settling(settled, facts.event_id), (fact, SettleApproval(approval=settled)))


def refuse(
    state: EndpointApprovals, event: ApprovalDecided | DelegationRequested, who: str, reason: str
) -> Decision[EndpointApprovals]:
    """The approval itself stays as it is."""
    refusal = ApprovalRefused(approval_id=event.approval_id, scope=event.scope, approver=who, reason=reason)
    return Decision(state, (Publish(event=refusal),))
