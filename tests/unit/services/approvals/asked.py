"""What a person is asked about, and what comes back: made for tests."""

from datetime import timedelta
from typing import Any

from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    ProofKnown,
    decide_at_deadline,
    decide_on_decision,
    decide_to_ask,
)
from shared.events import (
    ActionFailed,
    ApprovalDecided,
    CheckResult,
    DeadlineReached,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.reactor import Decision, Known, Publish
from tests.support.builders import CAUSE, digest, endpoint_ref, facts, package_ref, policy_document

HOUR = 3600.0
POLICY = policy_document(
    approvals={"remind_after_s": HOUR},
    people={"personas": ["project-lead", "model-tester"], "expires_after_s": 3 * HOUR},
)
CHECKS = (CheckResult(name="golden_rows", verdict="passed"),)
AFTER_ALL = timedelta(hours=3)
HOLDS, FAILS = ProofKnown(holds=True), ProofKnown(holds=False)


def passed(version: str = "1", character: str = "a", evidence: str = "e") -> StagingPassed:
    return StagingPassed(
        candidate=package_ref(version, character),
        endpoint=endpoint_ref(),
        requested_by="Dana@example.com",
        evidence=digest(evidence),
        profile=digest("f"),
        checks=CHECKS,
        reason="all checks passed",
    )


def as_type[E: (StagingInconclusive, StagingFailed)](kind: type[E], event: StagingPassed, **changes: Any) -> E:
    return kind.model_validate({**event.model_dump(), **changes})


ASKED = decide_to_ask(EndpointApprovals(), facts(AskedBy()), passed(), POLICY)
OPEN = ASKED.state
assert OPEN.open is not None
APPROVAL = OPEN.open


def decided(**changes: Any) -> ApprovalDecided:
    fields: dict[str, Any] = {
        "approval_id": APPROVAL.id,
        "scope": APPROVAL.scope,
        "verdict": "approve",
        "approver": "lea@example.com",
        "persona": "project-lead",
        "comment": "good",
        "package": digest("a"),
        "evidence": digest("e"),
        "proof": "p",
    }
    return ApprovalDecided(**{**fields, **changes})


GRANTED = decide_on_decision(OPEN, facts(HOLDS, event_id="decision"), decided(), POLICY).state
REJECTED = decide_on_decision(OPEN, facts(HOLDS, event_id="decision"), decided(verdict="reject"), POLICY).state


def deadline(about: str = "expire", identity: str = APPROVAL.id) -> DeadlineReached:
    return DeadlineReached(
        service="approvals", about=str(endpoint_ref().entity), key=f"{about}:{identity}", at=APPROVAL.expires_at
    )


EXPIRED = decide_at_deadline(OPEN, facts(Known(), after=AFTER_ALL), deadline(), POLICY).state
SETTLED = [GRANTED, REJECTED, EXPIRED]


def published(decision: Decision[EndpointApprovals]) -> list[Any]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def failed(effect: str, decision: str = CAUSE) -> ActionFailed:
    about = str(endpoint_ref().entity)
    return ActionFailed(service="approvals", about=about, decision=decision, effect=effect, reason="no")
