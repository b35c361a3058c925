"""Retraining (box 9, R051, E4, E6): requested, then deferred, or started and completed or failed."""

from typing import ClassVar

from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Moment, Words
from shared.events.references import AssetName, EndpointRef, JobRef, ModelRef


class _OfEndpoint(Event):
    endpoint: EndpointRef
    model_name: AssetName

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class RetrainingRequested(_OfEndpoint):
    """`data_until`: train on rows up to this business time."""

    type: ClassVar[str] = "mlops.retraining.requested"
    reason: Words
    data_until: Moment


class RetrainingDeferred(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.deferred"
    reason: Words
    until: Moment | None = None


class RetrainingStarted(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.started"
    job: JobRef


class RetrainingCompleted(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.completed"
    job: JobRef
    model: ModelRef


class RetrainingFailed(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.failed"
    job: JobRef
    reason: Words
