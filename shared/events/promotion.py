"""What serves, and how that changes (box 7, design section 5)."""

from typing import ClassVar

from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.references import Digest, EndpointRef, PackageRef


class _OfEndpoint(Event):
    endpoint: EndpointRef
    package: PackageRef

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class PromotionStarted(_OfEndpoint):
    """The serving manifest is being moved from `previous` to `package`, expecting `generation`."""

    type: ClassVar[str] = "mlops.promotion.started"
    previous: PackageRef | None = None
    generation: int
    approval_id: str


class PromotionCompleted(_OfEndpoint):
    """Every live scoring instance reported the new generation."""

    type: ClassVar[str] = "mlops.promotion.completed"
    previous: PackageRef | None = None
    generation: int
    instances: int
    profile: Digest | None = None


class PromotionAborted(_OfEndpoint):
    type: ClassVar[str] = "mlops.promotion.aborted"
    reason: str
