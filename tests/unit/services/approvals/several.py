"""Approvals that several persons take part in: what they say, and what follows."""

from typing import Any

from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    ProofKnown,
    decide_on_decision,
    decide_on_delegation,
    decide_to_ask,
)
from shared.approvals import Approval
from shared.events import (
    ApprovalDecided,
    ApprovalRefused,
    DeadlineReached,
    DelegationRequested,
    StagingPassed,
)
from shared.policies import PolicyDocument
from shared.reactor import Decision, Publish
from tests.support.builders import NOW, endpoint_ref, facts, policy_document
from tests.unit.services.approvals.asked import passed

HOUR = 3600.0
HOLDS, FAILS = ProofKnown(holds=True), ProofKnown(holds=False)
QUORUM = [{"personas": ["data-scientist", "project-lead"], "count": 1}, {"personas": ["project-lead"]}]
LIMITS: dict[str, Any] = {"quorum": QUORUM, "expires_after_s": 4 * HOUR, "remind_after_s": HOUR}
ESCALATING: dict[str, Any] = {**LIMITS, "escalate_after_s": 2 * HOUR, "escalate_to": ["product-owner"]}
POLICY = policy_document(approvals=LIMITS)
LEA, DAN, OMAR = "lea@example.com", "dan@example.com", "omar@example.com"


def ask(policy: PolicyDocument = POLICY, event: StagingPassed | None = None) -> EndpointApprovals:
    return decide_to_ask(EndpointApprovals(), facts(AskedBy()), event or passed(), policy).state


def opened(state: EndpointApprovals) -> Approval:
    assert state.open
    return state.open


def decided(state: EndpointApprovals, who: str, persona: str, verdict: str = "approve") -> ApprovalDecided:
    approval = opened(state)
    return ApprovalDecided.model_validate(
        {
            "approval_id": approval.id, "scope": approval.scope, "verdict": verdict, "approver": who,
            "persona": persona, "comment": "", "package": approval.subject, "evidence": approval.evidence, "proof": "p",
        }
    )  # fmt: skip


def say(
    state: EndpointApprovals, who: str, persona: str, verdict: str = "approve", known: ProofKnown = HOLDS, **more: str
) -> Decision[EndpointApprovals]:
    return decide_on_decision(
        state,
        facts(known, event_id=f"{who}-{verdict}"),
        decided(state, who, persona, verdict).model_copy(update=more),
        POLICY,
    )


def pass_on(
    state: EndpointApprovals, who: str, persona: str, to: str, known: ProofKnown = HOLDS, **changes: Any
) -> Decision[EndpointApprovals]:
    approval = opened(state)
    asked = DelegationRequested(
        approval_id=approval.id, scope=approval.scope, delegator=who, persona=persona, delegate=to,
        package=approval.subject, evidence=approval.evidence, proof="p",
    )  # fmt: skip
    return decide_on_delegation(state, facts(known), asked.model_copy(update=changes), POLICY)


def published(decision: Decision[EndpointApprovals]) -> list[Any]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def refusal(decision: Decision[EndpointApprovals]) -> str:
    (fact,) = published(decision)
    assert isinstance(fact, ApprovalRefused)
    return fact.reason


def deadline(state: EndpointApprovals, about: str) -> DeadlineReached:
    entity = str(endpoint_ref().entity)
    return DeadlineReached(service="approvals", about=entity, key=f"{about}:{opened(state).id}", at=NOW)
