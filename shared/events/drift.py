"""Drift that persisted, and drift that went away again (E4, E5, F07)."""

from typing import ClassVar, Literal

from shared.events.announcement import Announcement
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.monitoring import Window
from shared.events.phrases import listed
from shared.events.references import EndpointRef, PackageRef


class _OfEndpoint(Event):
    endpoint: EndpointRef
    package: PackageRef

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class DriftConfirmed(_OfEndpoint):
    """`breaches` of the last `of` windows were beyond the limit."""

    type: ClassVar[str] = "mlops.drift.confirmed"
    signal: Literal["data", "prediction", "performance"]
    columns: tuple[str, ...] = ()
    breaches: int
    of: int
    windows: tuple[Window, ...]
    score: float
    limit: float

    def words(self) -> tuple[str, ...]:
        return (
            str(self.package.model),
            self.signal,
            f"{self.breaches} of {self.of} windows",
            f"columns {listed(self.columns)}" if self.columns else "",
            f"worst {self.score:.3g}, limit {self.limit:g}",
        )

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.signal.capitalize()} drift on {self.endpoint.name}",
            (
                f"{self.breaches} of {self.of} windows beyond {self.limit:g} (worst {self.score:.3g}): "
                f"{', '.join(self.columns)}."
            ),
            severity="warning",
            audience=("data-scientist",),
        )


class DriftCleared(_OfEndpoint):
    type: ClassVar[str] = "mlops.drift.cleared"
    signal: Literal["data", "prediction", "performance"]

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), self.signal)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.signal.capitalize()} drift on {self.endpoint.name} is over",
            "Windows are within limits.",
            audience=("data-scientist",),
        )
