"""What happens next, for each answer there is, and what has happened of one that was given."""

from dataclasses import dataclass
from datetime import datetime

from services.approval_pages.values import When, duration, when
from services.approval_pages.view import waited_for
from shared.approvals import Approval, Say
from shared.approvals.quorum import missing

_STAYS = "What serves now goes on serving."


@dataclass(frozen=True, slots=True)
class Next:
    """`silence` is what follows where nobody answers until `expires`."""

    approve: str
    reject: str
    silence: str
    expires: When


def next_steps(approval: Approval, say: Say | None, now: datetime) -> Next:
    """`say` is the reader's own, where they have one: it may not be the last that is needed."""
    left = missing(approval, [*approval.says, say]) if say else ()
    others = f"It counts as one of several: {waited_for(approval, say)} must approve as well. Then: " if left else ""
    return Next(
        approve=f"{others}{_yes(approval)}",
        reject=f"{_no(approval)} One rejection is enough.",
        silence=_silence(approval, now),
        expires=when(approval.expires_at, now),
    )


def _yes(approval: Approval) -> str:
    if approval.action is None:
        model = f"{approval.candidate.model}" if approval.candidate else "it"
        where = approval.thing.name
        return (
            f"{model} begins to answer requests of {where}, in the steps that the policy has for it. It is taken back "
            f"by itself if a step goes wrong, and is live once every instance serves it."
        )
    if approval.action.answer == "tell":
        return f"{approval.action.service} goes on: {', '.join(approval.action.would)}."
    return f"{approval.action.service} does exactly what is listed below, once."


def _no(approval: Approval) -> str:
    if approval.action is None:
        return f"The model goes no further. {_STAYS}"
    if approval.action.answer == "tell":
        return f"{approval.action.service} is told no, and takes back what it has begun."
    return "None of it is done."


def _silence(approval: Approval, now: datetime) -> str:
    if (coming := approval.escalation) is None:
        return f"It expires, which is a no: {_no(approval)}"
    asked = f"{', '.join(coming.to)} may decide as well from {when(coming.at, now).text} on"
    if coming.more_s:
        return f"It does not end yet: {asked}, for another {duration(coming.more_s)}."
    return f"{asked}; then it expires, which is a no: {_no(approval)}"


def outcome(approval: Approval) -> str:
    """Of an approval that has ended."""
    if approval.status == "superseded":
        return "Something newer has taken this request's place."
    if approval.status != "granted":
        late = "Nobody decided in time. " if approval.status == "expired" else ""
        return f"{late}{_no(approval)}"
    done = "The model goes on to production." if approval.candidate else "It is being done."
    if approval.settled_at is None:
        return done
    return f"{done} It was open for {duration((approval.settled_at - approval.opened_at).total_seconds())}."
