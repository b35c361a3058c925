"""What became of an effect that could not be performed. The policy that asked for it decides what follows."""

from typing import ClassVar

from shared.events.entity import Entity
from shared.events.event import Event


class _OfAction(Event):
    """`effect` is the effect's kind, `decision` the id of the event that led to it."""

    service: str
    about: str
    decision: str
    effect: str
    reason: str

    @property
    def entity(self) -> Entity:
        return Entity.parse(self.about)


class ActionFailed(_OfAction):
    """Refused, or not to be had within its patience; the effects after it were not performed."""

    type: ClassVar[str] = "mlops.action.failed"


class ActionSuperseded(_OfAction):
    """The world had moved on from the generation the effect expected, so it was not performed."""

    type: ClassVar[str] = "mlops.action.superseded"
