"""Who may still say what about an approval: the one rule, for the page that offers it and the policy that counts it."""

from collections.abc import Sequence

from shared.ports.approvals import Approval, Delegation, Say, Seat


def same(one: str, other: str) -> bool:
    """Whether two addresses are one person's."""
    return one.strip().casefold() == other.strip().casefold()


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


def has_said(approval: Approval, address: str) -> bool:
    return any(same(say.approver, address) for say in approval.says)


def counts(approval: Approval, say: Say) -> bool:
    """Whether one more approval of this kind brings it nearer to its quorum."""
    return len(missing(approval, [*approval.says, say])) < len(missing(approval, approval.says))


def missing(approval: Approval, says: Sequence[Say]) -> tuple[Seat, ...]:
    """The single seats that nobody of `says` can take, when everybody sits where it helps most."""
    places = [Seat(personas=seat.personas) for seat in seats_of(approval) for _ in range(seat.count)]
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
