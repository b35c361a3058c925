"""Retraining (box 9, R051, E4, E6): requested, then refused, deferred, or started and completed or failed."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Moment, Words
from shared.events.phrases import known
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

    def words(self) -> tuple[str, ...]:
        return (self.model_name, self.reason)


class RetrainingDeferred(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.deferred"
    reason: Words
    until: Moment | None = None

    def words(self) -> tuple[str, ...]:
        return (self.model_name, f"until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else "", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"Retraining of {self.model_name} is put off",
            sentence(self.reason),
            audience=("data-scientist",),
        )


class RetrainingRefused(_OfEndpoint):
    """It was asked for, and is never done: a rule forbids it (R063, R072)."""

    type: ClassVar[str] = "mlops.retraining.refused"
    reason: Words

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.model_name} is not retrained",
            sentence(self.reason),
            severity="warning",
            audience=("data-scientist",),
        )


class RetrainingStarted(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.started"
    job: JobRef

    def words(self) -> tuple[str, ...]:
        return (self.model_name, f"job {known(self.job.name)}")

    def notice(self) -> Announcement:
        return Announcement(
            f"Retraining of {self.model_name} started",
            f"Job {self.job.name}.",
            audience=("data-scientist",),
        )


class RetrainingCompleted(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.completed"
    job: JobRef
    model: ModelRef

    def words(self) -> tuple[str, ...]:
        return (str(self.model), f"job {known(self.job.name)}")

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.model} was trained",
            f"By job {self.job.name}; staging is next.",
            audience=("data-scientist",),
        )


class RetrainingFailed(_OfEndpoint):
    type: ClassVar[str] = "mlops.retraining.failed"
    job: JobRef
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.model_name, f"job {known(self.job.name)}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"Retraining of {self.model_name} failed",
            f"Job {self.job.name}: {sentence(self.reason)}",
            severity="error",
            audience=("data-scientist",),
        )
