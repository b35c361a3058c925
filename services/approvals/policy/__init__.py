"""The decisions about approvals, by question."""

from services.approvals.policy.asking import decide_after_failed_staging, decide_to_ask
from services.approvals.policy.ending import decide_after_failure, decide_after_supersession, decide_at_deadline
from services.approvals.policy.four_eyes import AskedBy
from services.approvals.policy.passing_on import decide_on_delegation
from services.approvals.policy.proposals import decide_to_propose
from services.approvals.policy.settling import decide_on_decision
from services.approvals.policy.state import EndpointApprovals, ProofKnown

__all__ = [
    "AskedBy",
    "EndpointApprovals",
    "ProofKnown",
    "decide_after_failed_staging",
    "decide_after_failure",
    "decide_after_supersession",
    "decide_at_deadline",
    "decide_on_decision",
    "decide_on_delegation",
    "decide_to_ask",
    "decide_to_propose",
]
