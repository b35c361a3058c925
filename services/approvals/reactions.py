"""What approvals react to, and what they look up first."""

from hmac import compare_digest

from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    ProofKnown,
    decide_after_failed_staging,
    decide_after_failure,
    decide_after_supersession,
    decide_at_deadline,
    decide_on_decision,
    decide_on_delegation,
    decide_to_ask,
    decide_to_propose,
)
from services.approvals.policy.proposals import chain_of, is_of_action
from shared.approvals.identity import identity
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionProposed,
    ActionSuperseded,
    ApprovalDecided,
    ApprovalDelegated,
    ApprovalEndorsed,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalSuperseded,
    DeadlineReached,
    DelegationRequested,
    Entity,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.events.decision_statement import decision_statement
from shared.ports import Approvals, LinkSigner
from shared.reactor import Service

NAME = "approvals"

service = Service(__package__, lane="lifecycle", state=EndpointApprovals, may_be_held=False)


async def gather_proof(
    event: ApprovalDecided | DelegationRequested, state: EndpointApprovals, signer: LinkSigner
) -> ProofKnown:
    """Compute anew what the gateway must have computed; for an approval that is not open there is nothing to prove."""
    approval = state.open
    if approval is None or approval.id != event.approval_id:
        return ProofKnown()
    expected = signer.proof(approval.id, approval.expires_at, decision_statement(event))
    return ProofKnown(holds=compare_digest(expected.encode(), event.proof.encode()))


async def gather_requesters(event: StagingPassed | StagingInconclusive, approvals: Approvals) -> AskedBy:
    return AskedBy(requesters=await approvals.requesters(event.candidate.digest))


async def gather_askers(event: ActionProposed, approvals: Approvals) -> AskedBy:
    """Who asked for any of the packages it is about, and the person who caused it."""
    asked = {identity(event.requested_by)} - {""}
    for package in event.packages:
        asked.update(await approvals.requesters(package))
    return AskedBy(requesters=tuple(sorted(asked)))


def _endpoint(event: StagingPassed | StagingInconclusive | StagingFailed) -> Entity:
    """Approvals are remembered by endpoint, so that an endpoint has one open approval of a model at most."""
    return event.endpoint.entity


def _decided(event: ApprovalDecided | DelegationRequested) -> Entity:
    """An approval of an action is remembered by itself."""
    return event.entity if is_of_action(event.approval_id) else event.thing


_ASKED = (ApprovalRequested, ApprovalSuperseded)
service.reacts_to(StagingPassed, entity=_endpoint, gather=gather_requesters, decide=decide_to_ask, emits=_ASKED)
service.reacts_to(StagingInconclusive, entity=_endpoint, gather=gather_requesters, decide=decide_to_ask, emits=_ASKED)
service.reacts_to(StagingFailed, entity=_endpoint, decide=decide_after_failed_staging, emits=(ApprovalSuperseded,))
service.reacts_to(ActionProposed, entity=chain_of, gather=gather_askers, decide=decide_to_propose)
service.reacts_to(
    ApprovalDecided,
    entity=_decided,
    gather=gather_proof,
    decide=decide_on_decision,
    emits=(ApprovalGranted, ApprovalRejected, ApprovalEndorsed, ActionApproved, ActionDeclined, ApprovalRefused),
)
service.reacts_to(
    DelegationRequested,
    entity=_decided,
    gather=gather_proof,
    decide=decide_on_delegation,
    emits=(ApprovalDelegated, ApprovalRefused),
)
_ENDED = (ApprovalExpired, ActionDeclined)
service.reacts_to(DeadlineReached, decide=decide_at_deadline, emits=(*_ENDED, ApprovalEscalated))
service.reacts_to(ActionFailed, decide=decide_after_failure, emits=_ENDED)
service.reacts_to(ActionSuperseded, decide=decide_after_supersession)
