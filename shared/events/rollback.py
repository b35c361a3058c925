"""The way back to what served before (F12, N4)."""

from typing import ClassVar

from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.references import EndpointRef, PackageRef


class _OfRollback(Event):
    """`package` is what is taken away."""

    endpoint: EndpointRef
    package: PackageRef
    reason: str

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class RollbackRequested(_OfRollback):
    """`package` shall not serve any more. Only generation `generation` is undone: a newer one is left alone.

    `requested_by` is a person, or the service that found it wanting.
    """

    type: ClassVar[str] = "mlops.rollback.requested"
    generation: int
    requested_by: str
