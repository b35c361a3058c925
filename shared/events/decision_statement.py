"""What a person's decision says, word for word: the gateway proves these bytes, control checks the proof."""

from shared.events.approvals import ApprovalDecided, DelegationRequested
from shared.events.event import canonical


def decision_statement(decided: ApprovalDecided | DelegationRequested) -> str:
    """Everything it says but its proof: approval, endpoint, verdict or delegate, person, comment, package, evidence."""
    return canonical(decided.model_dump(mode="json", exclude={"proof"})).decode()
