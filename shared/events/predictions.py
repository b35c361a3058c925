"""What scoring instances and the world report about predictions: row streams that are folded, not decided."""

import base64
import binascii
import sys
from array import array
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from math import isfinite
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from shared.events.border import LARGEST_MESSAGE
from shared.events.entity import Entity
from shared.events.event import Event, Hub, Upcaster
from shared.events.fields import Moment, Moments, Part, Words
from shared.events.phrases import listed
from shared.events.references import AssetName, Digest, EndpointRef, PackageRef

type Cell = float | str | bool | None


class PackedColumn(Part):
    """A column of numbers as their bytes, little-endian, in base64. NaN and infinities stand for nothing.

    Writing a number as text costs more than scoring a row with it does.
    """

    model_config = ConfigDict(extra="forbid")

    datatype: Annotated[str, Field(pattern="^FP(32|64)$")]
    base64: Annotated[str, Field(max_length=LARGEST_MESSAGE)]


def _unpacked(value: object) -> object:
    """The cells of a packed column; anything else is left for validation to judge. Raises `ValueError`."""
    if not isinstance(value, dict):
        return value
    packed = PackedColumn.model_validate(value)
    cells = array("f" if packed.datatype == "FP32" else "d")
    try:
        cells.frombytes(base64.b64decode(packed.base64, validate=True))
    except binascii.Error as error:
        raise ValueError(f"base64: {error}") from error
    if sys.byteorder == "big":
        cells.byteswap()
    return tuple([cell if isfinite(cell) else None for cell in cells])


type Column = Annotated[
    tuple[Cell, ...], BeforeValidator(_unpacked, json_schema_input_type=tuple[Cell, ...] | PackedColumn)
]

# A message of 1 MB bounds what is spelt out, but not what a run stands for: of a hostile one, 15 MB at most. One run of
# the model has 10,000 rows at most, and a row's name 256 characters.
MOST_ROWS = 20_000
type _Count = Annotated[int, Field(ge=1, le=MOST_ROWS)]
type _Key = Annotated[str, Field(max_length=1024)]
type _Affix = Annotated[str, Field(max_length=320)]


class KeyRun(Part):
    """Keys that differ in a number only, which counts up from `first` between the texts `before` and `after` it."""

    model_config = ConfigDict(extra="forbid")

    before: _Affix
    first: Annotated[int, Field(ge=0, lt=1 << 63)]
    count: _Count
    after: _Affix

    def cells(self) -> list[str]:
        return [f"{self.before}{number}{self.after}" for number in range(self.first, self.first + self.count)]


class MomentRun(Part):
    """One moment of several rows."""

    model_config = ConfigDict(extra="forbid")

    at: Moment
    count: _Count

    def cells(self) -> list[datetime]:
        return [self.at] * self.count


def _spelt_out(run: type[KeyRun] | type[MomentRun], value: object) -> object:
    """Every run as its cells; raises `ValueError` when these are too many."""
    if not isinstance(value, list) or not any(isinstance(part, dict) for part in value):
        return value
    cells: list[Any] = []
    for part in value:
        cells += run.model_validate(part).cells() if isinstance(part, dict) else (part,)
        if len(cells) > MOST_ROWS:
            raise ValueError(f"more than {MOST_ROWS} rows in one block")
    return tuple(cells)


type Keys = Annotated[
    tuple[_Key, ...],
    BeforeValidator(partial(_spelt_out, KeyRun), json_schema_input_type=tuple[str | KeyRun, ...]),
]
type SpeltMoments = Annotated[
    Moments,
    BeforeValidator(partial(_spelt_out, MomentRun), json_schema_input_type=tuple[datetime | MomentRun, ...]),
]


class _OfEndpoint(Event):
    endpoint: EndpointRef

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class PredictionsCaptured(_OfEndpoint):
    """A columnar block of scored rows. Every column, `keys` and `observed_at` have one cell per row.

    Since version 2 a column of numbers may be packed, since version 3 there may be runs among keys and times; who reads
    it through this class meets cells either way.

    `observed_at` is the business time of a row (UTC), the time of scoring unless the caller gave one.
    """

    # A cell may be a long text, as long as the block fits into a message.
    model_config = ConfigDict(str_max_length=LARGEST_MESSAGE)

    type: ClassVar[str] = "mlops.predictions.captured"
    carried_by: ClassVar[Hub] = "predictions"
    version: ClassVar[int] = 3
    # Version 2 may pack columns, and need not; version 3 may have runs of keys and times, and need not.
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: lambda data: data, 2: lambda data: data}
    package: PackageRef
    keys: Keys
    observed_at: SpeltMoments
    inputs: dict[str, Column]
    outputs: dict[str, Column]

    @model_validator(mode="after")
    def _one_cell_per_row(self) -> "PredictionsCaptured":
        rows = len(self.keys)
        columns = {"observed_at": self.observed_at, **self.inputs, **self.outputs}
        for name, column in columns.items():
            if len(column) != rows:
                raise ValueError(f"{name}: {len(column)} cells for {rows} rows")
        return self

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), f"{len(self.keys):,} rows")


class CaptureLost(_OfEndpoint):
    """Rows that were scored but not captured, since the last report of this instance."""

    type: ClassVar[str] = "mlops.capture.lost"
    carried_by: ClassVar[Hub] = "predictions"
    instance: AssetName
    rows: int
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.instance, f"{self.rows:,} rows", self.reason)


# Upper bounds of the buckets of `VersionReport.latency_us`; what is beyond the last is in bucket `inf`.
LATENCY_BOUNDS_US = (
    50, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 10_000, 15_000, 20_000,
    30_000, 50_000, 75_000, 100_000, 150_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
)  # fmt: skip


class GoldenProof(Part):
    """The golden rows of a version, scored again by the session that serves, when `generation` was switched to.

    `distance` is the largest absolute difference from the outputs that the package records, `outputs` the digest of
    what was answered.
    """

    generation: int
    rows: int
    distance: float
    outputs: Digest


class VersionReport(Part):
    """Counts since the instance started, per package: monotonic, so that a lost report loses nothing.

    `predictions` counts the rows by the monitored output: over the quantile bins of the package's own
    `reference.parquet`, then missing, then outside of what training saw (`NumericReference.buckets`); empty when the
    package's reference gives no bins.
    `golden` is the newest proof, None for a version that has had no share of the traffic.
    """

    package: PackageRef
    requests: int
    rows: int
    errors: dict[str, int] = {}
    latency_us: dict[str, int] = {}
    predictions: tuple[int, ...] = ()
    golden: GoldenProof | None = None


class ServingReported(_OfEndpoint):
    """One scoring instance, every second: which manifest generation it serves, and how it fares.

    `latency_us` maps a bucket's upper bound in microseconds to a count.
    """

    type: ClassVar[str] = "mlops.serving.reported"
    carried_by: ClassVar[Hub] = "predictions"
    instance: AssetName
    generation: int
    versions: tuple[VersionReport, ...] = ()

    def words(self) -> tuple[str, ...]:
        return (
            self.instance,
            f"generation {self.generation}",
            listed(f"{each.package.model}: {each.requests:,} requests" for each in self.versions),
        )


class ModelLoadFailed(_OfEndpoint):
    """A scoring instance could not load a package; it goes on serving what it had."""

    type: ClassVar[str] = "mlops.model.load_failed"
    carried_by: ClassVar[Hub] = "predictions"
    instance: AssetName
    package: PackageRef
    generation: int
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), self.instance, f"generation {self.generation}", self.reason)


# A number, or a class or tag by its name.
type _Told = float | Annotated[str, Field(min_length=1, max_length=256)]
# The truth of a row; of several labels, targets or tokens one each, and null for one that is not known.
type Label = _Told | Annotated[tuple[_Told | None, ...], Field(min_length=1, max_length=10_000)]


class LabelsRecorded(_OfEndpoint):
    """The truth, learnt later: `keys` are those of the scored rows.

    Version 1 knew one number for each key.
    """

    type: ClassVar[str] = "mlops.labels.recorded"
    carried_by: ClassVar[Hub] = "labels"
    version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: lambda data: data}
    keys: tuple[_Key, ...]
    labels: tuple[Label, ...]
    observed_at: Moments

    @model_validator(mode="after")
    def _one_label_per_key(self) -> "LabelsRecorded":
        if not len(self.keys) == len(self.labels) == len(self.observed_at):
            raise ValueError(f"labels: {len(self.labels)} labels for {len(self.keys)} keys")
        return self

    def words(self) -> tuple[str, ...]:
        return (f"{len(self.keys):,} labels",)
