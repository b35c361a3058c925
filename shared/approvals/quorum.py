"""Who may still say what about an approval: the one rule, for the page that offers it and the policy that counts it."""

import re
from collections.abc import Sequence

from shared.approvals.approval import Approval, Delegation, Say, Seat
from shared.approvals.identity import identity, is_object_id, same

_DELEGATE = re.compile(r"[^\s@,;|]{1,200}@[^\s@,;|]{1,200}|[a-z][a-z0-9-]{1,60}")


def why_excluded(approval: Approval, address: str, object_id: str = "") -> str:
    """Why this person may not decide, whatever their personas: nobody answers what they asked for (N9)."""
    if has_asked(approval, address, object_id):
        return "nobody approves their own request"
    if not object_id and any(map(is_object_id, _asked(approval))):
        return "who asked is known by object id, and this person's is not, so they cannot be told apart"
    return ""


def has_asked(approval: Approval, address: str, object_id: str = "") -> bool:
    own = {identity(address), identity(object_id)} - {""}
    return same(address, approval.requested_by) or bool(_asked(approval) & own)


def _asked(approval: Approval) -> set[str]:
    return {*approval.requesters, identity(approval.requested_by)}


def seats_of(approval: Approval) -> tuple[Seat, ...]:
    return approval.seats or (Seat(personas=approval.personas),)


def standing(approval: Approval, address: str, personas: Sequence[str]) -> Say | None:
    """As whom this person may decide: in their own right first, else for one who passed it on; None if not at all.

    Who passed their say on has none. Of several personas the one counts that helps most.
    """
    if any(same(given.delegator, address) for given in approval.delegations):
        return None
    own = [Say(approver=address, persona=persona) for persona in approval.personas if persona in personas]
    passed_on = [
        Say(approver=address, persona=given.persona, on_behalf_of=given.delegator)
        for given in approval.delegations
        if _is_to(given, address, personas) and not _used(approval, given)
    ]
    choices = [*own, *passed_on]
    return next((say for say in choices if counts(approval, say)), choices[0] if choices else None)


def _is_to(given: Delegation, address: str, personas: Sequence[str]) -> bool:
    return same(given.delegate, address) or given.delegate in personas


def _used(approval: Approval, given: Delegation) -> bool:
    return any(same(say.on_behalf_of, given.delegator) for say in approval.says)


def has_said(approval: Approval, address: str, object_id: str = "") -> bool:
    return any(same(say.approver, address) or (object_id and say.approver_id == object_id) for say in approval.says)


def counts(approval: Approval, say: Say) -> bool:
    """Whether one more approval of this kind brings it nearer to its quorum."""
    return len(missing(approval, [*approval.says, say])) < len(missing(approval, approval.says))


def missing(approval: Approval, says: Sequence[Say]) -> tuple[Seat, ...]:
    """The single seats that nobody of `says` can take, when everybody sits where it helps most.

    Narrow seats are taken first, so that what is left over is open to as many people as it can be.
    """
    places = [Seat(personas=seat.personas) for seat in seats_of(approval) for _ in range(seat.count)]
    places.sort(key=lambda place: len(place.personas))
    taken: dict[int, int] = {}
    for sayer in range(len(says)):
        _seat(sayer, says, places, taken, set())
    return tuple(place for index, place in enumerate(places) if index not in taken)


def _seat(sayer: int, says: Sequence[Say], places: Sequence[Seat], taken: dict[int, int], tried: set[int]) -> bool:
    """Augmenting paths (Kuhn): whoever sits in the way moves to another place that suits them."""
    for index, place in enumerate(places):
        if index in tried or says[sayer].persona not in place.personas:
            continue
        tried.add(index)
        if index not in taken or _seat(taken[index], says, places, taken, tried):
            taken[index] = sayer
            return True
    return False


def claimed(approval: Approval, say: Say, personas: Sequence[str]) -> str:
    """The persona that a decision must name so that whoever counts it finds this same standing; may be empty."""
    if not say.on_behalf_of:
        return say.persona
    named = [given.delegate for given in approval.delegations if same(given.delegator, say.on_behalf_of)]
    return next((delegate for delegate in named if delegate in personas), "")


def why_not_delegated(approval: Approval, delegator: str, personas: Sequence[str], delegate: str) -> str:
    """Why this person cannot pass their say on to `delegate`; empty if they can."""
    say = standing(approval, delegator, personas)
    if say is None:
        return "only who may decide can pass it on"
    if say.on_behalf_of:
        return "what was passed on cannot be passed on again"
    if has_said(approval, delegator):
        return f"{delegator} has approved already"
    if not _DELEGATE.fullmatch(delegate.strip()):
        return "an e-mail address or a persona is required"
    if same(delegate, delegator) or delegate.strip() == say.persona:
        return "it is theirs already"
    if same(delegate, approval.requested_by) or identity(delegate) in approval.requesters:
        return "nobody approves their own request"
    return f"{delegate} has approved already" if has_said(approval, delegate) else ""
