"""Four eyes for every question (N9, R041): who asked never answers, and where nobody is known who did, two must."""

from services.approvals.limits import ApprovalLimits
from shared.approvals import Seat
from shared.policies import People
from shared.reactor import Known

UNKNOWN = "Nobody is known who asked for it, so two different persons must approve."


class AskedBy(Known):
    """Object ids and addresses of all who asked for what the question is about."""

    requesters: tuple[str, ...] = ()


def may_decide(limits: ApprovalLimits, people: People) -> tuple[str, ...]:
    """Every persona that has a seat, in the policy's order."""
    return tuple(dict.fromkeys(persona for seat in limits.seats(people) for persona in seat.personas))


def seats(limits: ApprovalLimits, people: People, *, second_person: bool = False) -> tuple[Seat, ...]:
    """None where one of the personas is enough. Of two persons, one at least is not who asked."""
    wanted = tuple(Seat(personas=seat.personas, count=seat.count) for seat in limits.quorum)
    if second_person and sum(seat.count for seat in wanted) < 2:
        return (Seat(personas=may_decide(limits, people), count=2),)
    return wanted
