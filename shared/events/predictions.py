"""What scoring instances and the world report about predictions: row streams that are folded, not decided."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.references import AssetName, EndpointRef, PackageRef

type Cell = float | str | bool | None


class _OfEndpoint(Event):
    endpoint: EndpointRef

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class PredictionsCaptured(_OfEndpoint):
    """A columnar block of scored rows. Every column, `keys` and `observed_at` have one cell per row.

    `observed_at` is the business time of a row (UTC), the time of scoring unless the caller gave one.
    """

    type: ClassVar[str] = "mlops.predictions.captured"
    package: PackageRef
    keys: tuple[str, ...]
    observed_at: tuple[datetime, ...]
    inputs: dict[str, tuple[Cell, ...]]
    outputs: dict[str, tuple[Cell, ...]]

    @model_validator(mode="after")
    def _one_cell_per_row(self) -> "PredictionsCaptured":
        rows = len(self.keys)
        columns = {"observed_at": self.observed_at, **self.inputs, **self.outputs}
        for name, column in columns.items():
            if len(column) != rows:
                raise ValueError(f"{name}: {len(column)} cells for {rows} rows")
        return self


class CaptureLost(_OfEndpoint):
    """Rows that were scored but not captured, since the last report of this instance."""

    type: ClassVar[str] = "mlops.capture.lost"
    instance: AssetName
    rows: int
    reason: str


class VersionReport(BaseModel):
    """Counts since the instance started, per package: monotonic, so that a lost report loses nothing."""

    model_config = ConfigDict(frozen=True)

    package: PackageRef
    requests: int
    rows: int
    errors: dict[str, int] = {}
    latency_us: dict[str, int] = {}


class ServingReported(_OfEndpoint):
    """One scoring instance, every second: which manifest generation it serves, and how it fares.

    `latency_us` maps a bucket's upper bound in microseconds to a count.
    """

    type: ClassVar[str] = "mlops.serving.reported"
    instance: AssetName
    generation: int
    versions: tuple[VersionReport, ...] = ()


class ModelLoadFailed(_OfEndpoint):
    """A scoring instance could not load a package; it goes on serving what it had."""

    type: ClassVar[str] = "mlops.model.load_failed"
    instance: AssetName
    package: PackageRef
    generation: int
    reason: str


class LabelsRecorded(_OfEndpoint):
    """The truth, learnt later: `keys` are those of the scored rows."""

    type: ClassVar[str] = "mlops.labels.recorded"
    keys: tuple[str, ...]
    labels: tuple[float, ...]
    observed_at: tuple[datetime, ...]

    @model_validator(mode="after")
    def _one_label_per_key(self) -> "LabelsRecorded":
        if not len(self.keys) == len(self.labels) == len(self.observed_at):
            raise ValueError(f"labels: {len(self.labels)} labels for {len(self.keys)} keys")
        return self
