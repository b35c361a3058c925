"""Rows that were scored and are in no window: lost on their way, or of a package of which nothing is known.

Each is said once a day, with how many there were by then: the counts go on in the state of the fold.
"""

from datetime import date
from typing import ClassVar

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Words
from shared.events.references import AssetName, EndpointRef, PackageRef


class _OfEndpoint(Event):
    """`rows` of the day `on` (UTC), as one hub partition had counted when it was said."""

    endpoint: EndpointRef
    on: date
    rows: int

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class CapturesLost(_OfEndpoint):
    """Scoring instances answered requests for these rows and could not capture them; `instance` is one of them."""

    type: ClassVar[str] = "mlops.captures.lost"
    instance: AssetName
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (f"{self.rows:,} rows on {self.on}", f"first by {self.instance}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"Rows of {self.endpoint.name} were scored, but not captured",
            f"{self.rows:,} rows on {self.on}, first by {self.instance}: {sentence(self.reason)} They were answered, "
            "and are in no window, no drift and no performance. Further ones are not told today.",
            severity="error",
            audience=("platform-support",),
            command="sluice lanes",
        )


class RowsUnmonitored(_OfEndpoint):
    """`package` answers requests, and nothing is known to compare it with: its rows are counted, not measured."""

    type: ClassVar[str] = "mlops.rows.unmonitored"
    package: PackageRef

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), f"{self.rows:,} rows on {self.on}")

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.package.model} is not monitored on {self.endpoint.name}",
            f"{self.rows:,} rows on {self.on} are in no window: the endpoint's manifest names no reference profile of "
            "this model, or one that cannot be read. Further ones are not told today.",
            severity="warning",
            audience=("data-scientist", "platform-support"),
            command=f"sluice explain {self.package.model}",
        )
