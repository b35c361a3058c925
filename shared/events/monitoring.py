"""What monitoring measured (box 8, R046, R047, R105, R106)."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Moment, Part, Words
from shared.events.phrases import known, listed
from shared.events.references import Digest, EndpointRef, JobRef, PackageRef


class Window(Part):
    """A span of business time, start included, end excluded (UTC)."""

    start: Moment
    end: Moment

    @property
    def key(self) -> str:
        return f"{self.start:%Y%m%dT%H%M%S}"


class _OfEndpoint(Event):
    endpoint: EndpointRef
    package: PackageRef
    window: Window

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), f"window of {self.window.start:%Y-%m-%d}")


class WindowFolded(_OfEndpoint):
    """One hub partition's part of a window is complete: `profile` is the digest of its mergeable profile.

    Since the part before, `late_rows` came too late for their window and are in none; `redated_rows` had times that no
    clock can have meant, and are in the window of their scoring.
    """

    type: ClassVar[str] = "mlops.window.folded"
    partition: int
    rows: int
    late_rows: int = 0
    redated_rows: int = 0
    profile: Digest

    def words(self) -> tuple[str, ...]:
        return (*super().words(), f"partition {self.partition}", f"{self.rows:,} rows")


class RowsMissed(Event):
    """So many rows, `of` those that were looked at, are in no measurement of their time, or in another one's.

    Said once a day for each endpoint and kind of reason.
    """

    type: ClassVar[str] = "mlops.rows.missed"
    endpoint: EndpointRef
    rows: int
    of: int
    reason: Words

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity

    def words(self) -> tuple[str, ...]:
        return (f"{self.rows:,} of {self.of:,} rows", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"Monitoring of {self.endpoint.name} misses rows",
            f"{sentence(self.reason)} {self.rows:,} of {self.of:,} rows are concerned. It is not told again today.",
            severity="warning",
            audience=("data-engineer",),
        )


class FeatureDrift(Part):
    """Distance of one column's window from its reference. `psi` and `js` as in the profiles' own docstrings."""

    name: str
    psi: float
    js: float
    null_rate: float
    reference_null_rate: float


class DriftMeasured(_OfEndpoint):
    """Data drift per feature and prediction drift (R105, R106) of a closed window."""

    type: ClassVar[str] = "mlops.drift.measured"
    rows: int
    features: tuple[FeatureDrift, ...]
    prediction: FeatureDrift
    profile: Digest

    def words(self) -> tuple[str, ...]:
        return (
            *super().words(),
            f"{self.rows:,} rows",
            f"worst PSI {max((each.psi for each in self.features), default=0.0):.3g}",
            f"prediction {self.prediction.psi:.3g}",
        )


class QualityMeasured(_OfEndpoint):
    """Data quality of a closed window, as shares of rows."""

    type: ClassVar[str] = "mlops.quality.measured"
    rows: int
    null_rates: dict[str, float]
    out_of_range_rates: dict[str, float]
    unseen_category_rates: dict[str, float]

    def words(self) -> tuple[str, ...]:
        return (
            *super().words(),
            f"{self.rows:,} rows",
            f"most missing {max(self.null_rates.values(), default=0.0):.1%}",
        )


class PerformanceRequested(_OfEndpoint):
    """Labels for this window should be in: the join runs as a job."""

    type: ClassVar[str] = "mlops.performance.requested"
    job: JobRef

    def words(self) -> tuple[str, ...]:
        return (*super().words(), f"job {known(self.job.name)}")


class PerformanceMeasured(_OfEndpoint):
    """Model performance on labelled production rows of a window; `baseline` is the package's own test figure."""

    type: ClassVar[str] = "mlops.performance.measured"
    rows: int
    metrics: dict[str, float]
    baseline: dict[str, float]
    evidence: Digest

    def words(self) -> tuple[str, ...]:
        return (
            *super().words(),
            f"{self.rows:,} labelled rows",
            listed(f"{name} {value:.3g}" for name, value in self.metrics.items()),
        )
