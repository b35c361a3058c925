"""What approvals remember of an endpoint, and what they look up."""

from shared.approvals import Approval, ApprovalStatus
from shared.events import Digest
from shared.events.references import Reference
from shared.reactor import Known, State

_REMEMBERED = 50


class Settled(Reference):
    """How an approval ended, for whoever comes late."""

    id: str
    status: ApprovalStatus
    by: str = ""
    personas: tuple[str, ...] = ()


class EndpointApprovals(State):
    """At most one approval of an endpoint is open. `decision` is the event that last led to effects."""

    open: Approval | None = None
    profile: Digest | None = None
    settled: tuple[Settled, ...] = ()
    decision: str = ""

    def settling(self, approval: Approval, decision: str) -> "EndpointApprovals":
        """The state without an open approval; the oldest settled ones are forgotten."""
        entry = Settled(id=approval.id, status=approval.status, by=approval.decided_by, personas=approval.personas)
        kept = (*self.settled, entry)[-_REMEMBERED:]
        return EndpointApprovals(settled=kept, decision=decision)

    def ended(self, approval_id: str) -> Settled | None:
        return next((entry for entry in self.settled if entry.id == approval_id), None)


class ProofKnown(Known):
    """Whether the decision carries the proof that only the holder of this approval's link could compute."""

    holds: bool = False
