"""Who has said what about an approval, who else is waited for, and who may not say anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.approvals import Approval, Say
from shared.approvals.identity import identity, is_object_id
from shared.approvals.quorum import missing, seats_of


@dataclass(frozen=True, slots=True)
class Progress:
    """`given` of `wanted` approvals are there; `lines` say whose, and whose are waited for, each with whether it is."""

    given: int
    wanted: int
    lines: tuple[tuple[bool, str], ...]


def progress(approval: Approval) -> Progress:
    wanted = sum(seat.count for seat in seats_of(approval))
    left = missing(approval, approval.says)
    waiting = tuple((False, f"waits for {' or '.join(seat.personas)}") for seat in left)
    return Progress(wanted - len(left), wanted, (*((True, said) for said in says(approval)), *waiting))


def says(approval: Approval) -> tuple[str, ...]:
    """Who has approved so far, each in one line."""
    return tuple(
        f"{say.approver} ({say.persona}{f', for {say.on_behalf_of}' if say.on_behalf_of else ''})"
        for say in approval.says
    )


def waited_for(approval: Approval, say: Say | None = None) -> str:
    """Who else must approve after `say`, in words; seats that are alike are counted."""
    said = [*approval.says, *([say] if say else [])]
    return _counted([" or ".join(seat.personas) for seat in missing(approval, said)])


def _counted(seats: Sequence[str]) -> str:
    counted = {seat: seats.count(seat) for seat in seats}
    return ", ".join(
        f"{count} \N{MULTIPLICATION SIGN} {seat}" if count > 1 else seat for seat, count in counted.items()
    )


def excluded(approval: Approval) -> tuple[str, ...]:
    """Who may not decide whatever their role, each with why. Of object ids only their number is shown."""
    people = {identity(asked) or asked for asked in (approval.requested_by, *approval.requesters)}
    known = sorted(each for each in people if each and "@" in each)
    accounts = sum(is_object_id(each) for each in people)
    lines = [f"{address} asked for it, and nobody approves their own request" for address in known]
    if accounts and not known:
        lines.append("who asked for it, known by their account: nobody approves their own request")
    return (*lines, *(f"{given.delegator} passed it on to {given.delegate}" for given in approval.delegations))
