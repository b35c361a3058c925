"""What a person's decision says, word for word: the gateway proves these bytes, control checks the proof."""

from shared.events.approvals import ApprovalDecided
from shared.events.event import canonical


def decision_statement(decided: ApprovalDecided) -> str:
    """Everything the decision says but its proof: approval, endpoint, verdict, person, comment, package, evidence."""
    return canonical(decided.model_dump(mode="json", exclude={"proof"})).decode()
