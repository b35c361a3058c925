"""Which events a hub may carry: the right to send to a hub must not become the right to say anything."""

from shared.events.approvals import ApprovalDecided, DelegationRequested
from shared.events.brakes import ReactionsPaused, ReactionsResumed
from shared.events.event import Event
from shared.events.predictions import CaptureLost, LabelsRecorded, ModelLoadFailed, PredictionsCaptured, ServingReported
from shared.events.redrive import RedriveRequested
from shared.events.rollback import RollbackOrdered

_CARRIES: dict[str, tuple[type[Event], ...]] = {
    "decisions": (
        ApprovalDecided,
        DelegationRequested,
        ReactionsPaused,
        ReactionsResumed,
        RedriveRequested,
        RollbackOrdered,
    ),
    "predictions": (PredictionsCaptured, CaptureLost, ServingReported, ModelLoadFailed),
    "labels": (LabelsRecorded,),
}
_ELSEWHERE = tuple(event_type for event_types in _CARRIES.values() for event_type in event_types)


def may_carry(hub: str, event: Event) -> bool:
    """Hubs that others may send to carry their own few types; `events`, which control alone sends to, all the rest."""
    own = _CARRIES.get(hub)
    return isinstance(event, own) if own else not isinstance(event, _ELSEWHERE)
