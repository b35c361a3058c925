"""What follows from an approval that has ended: about a package another fact than about an action."""

from collections.abc import Sequence

from shared.approvals import Approval, Say
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionReleased,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
    Digest,
)
from shared.reactor import Effect, Publish, ReleaseAction


def granted(approval: Approval, profile: Digest | None, says: Sequence[Say]) -> Effect:
    """`says` in the order in which they were said; the last completed it."""
    last, names = says[-1], tuple(say.approver for say in says)
    if approval.action is not None:
        return _done(approval, approval.action.answer, ", ".join(names), last.comment)
    return Publish(
        event=ApprovalGranted(
            **_about(approval, profile, last.comment), approver=last.approver, approvers=names,
            requested_at=approval.opened_at,
        )
    )  # fmt: skip


def _done(approval: Approval, answer: str, by: str, reason: str) -> Effect:
    if answer == "tell":
        return Publish(event=ActionApproved(**_held(approval), by=by, reason=reason))
    return ReleaseAction(released=ActionReleased(**_held(approval), by=by, reason=reason, through="grant"))


def rejected(approval: Approval, profile: Digest | None, by: str, reason: str) -> Effect:
    if approval.action is not None:
        return Publish(event=ActionDeclined(**_held(approval), by=by, reason=reason or "no reason was given"))
    return Publish(event=ApprovalRejected(**_about(approval, profile, reason), approver=by))


def expired(approval: Approval, profile: Digest | None, reason: str) -> Effect:
    """Nothing is done: what was not approved is not approved."""
    if approval.action is not None:
        return Publish(event=ActionDeclined(**_held(approval), reason=reason))
    return Publish(event=ApprovalExpired(**_about(approval, profile, reason)))


def _held(approval: Approval) -> dict[str, str]:
    action = approval.action
    return {"service": action.service, "about": action.about, "decision": action.decision} if action else {}


def _about(approval: Approval, profile: Digest | None, reason: str) -> dict[str, object]:
    return {
        "approval_id": approval.id,
        "endpoint": approval.endpoint,
        "candidate": approval.candidate,
        "evidence": approval.evidence,
        "profile": profile,
        "reason": reason,
    }
