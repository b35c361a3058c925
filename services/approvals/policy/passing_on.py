"""Delegation (N9): whoever may decide may pass their say on, once, and has none from then on."""

from services.approvals.effects import ShowApproval
from services.approvals.policy.asking import invitation
from services.approvals.policy.settling import refuse, why_it_does_not_count, why_not_open
from services.approvals.policy.state import EndpointApprovals, ProofKnown
from shared.approvals import Approval, Delegation
from shared.approvals.quorum import why_not_delegated
from shared.events import ApprovalDelegated, DelegationRequested
from shared.policies import PolicyDocument
from shared.reactor import Decision, Facts, Publish


def decide_on_delegation(
    state: EndpointApprovals, facts: Facts[ProofKnown], event: DelegationRequested, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """Note it, show it and invite the delegate, or refuse it; the requester stays excluded either way."""
    approval = state.open
    if approval is None or approval.id != event.approval_id:
        return refuse(state, event, event.delegator, why_not_open(state, event.approval_id))
    reason = why_it_does_not_count(approval, facts, event, event.delegator, event.persona)
    reason = reason or why_not_delegated(approval, event.delegator, (event.persona,), event.delegate)
    if reason:
        return refuse(state, event, event.delegator, reason)
    return _pass_on(state, approval, facts, event)


def _pass_on(
    state: EndpointApprovals, approval: Approval, facts: Facts[ProofKnown], event: DelegationRequested
) -> Decision[EndpointApprovals]:
    given = Delegation(delegator=event.delegator, persona=event.persona, delegate=event.delegate.strip())
    update = {"delegations": (*approval.delegations, given), "revision": approval.revision + 1}
    passed_on = approval.model_copy(update=update)
    fact = ApprovalDelegated(
        approval_id=approval.id,
        scope=approval.scope,
        delegator=given.delegator,
        persona=given.persona,
        delegate=given.delegate,
        reason=event.comment,
    )
    going_on = state.model_copy(update={"open": passed_on, "decision": facts.event_id})
    invited = invitation(passed_on, only=(given.delegate,))
    return Decision(going_on, (Publish(event=fact), ShowApproval(approval=passed_on), invited))
