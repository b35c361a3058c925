"""What a model was trained on, column by column: the yardstick that windows are measured against."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, Self

from shared.events import canonical
from shared.profiles.categorical import CategoricalCounts, CategoricalReference
from shared.profiles.numeric import NumericCounts, NumericReference

type Kind = Literal["numeric", "categorical"]
type Column = NumericReference | CategoricalReference
_FORMAT = 1


@dataclass(frozen=True)
class Reference:
    """`columns` holds the model's inputs and its output `prediction`; `package` is the digest of the model package.

    `label_rate` is the share of positive labels in training, None where there are none.
    """

    package: str
    rows: int
    prediction: str
    label_rate: float | None
    columns: Mapping[str, Column]

    @classmethod
    def build(
        cls,
        inputs: Mapping[str, Sequence[Any]],
        kinds: Mapping[str, Kind],
        *,
        prediction: tuple[str, Sequence[Any]],
        prediction_kind: Kind = "numeric",
        labels: Sequence[float] | None,
        package: str,
        bins: int = 10,
    ) -> Self:
        """`prediction` is the output's name and its cells; raises `ValueError` naming a column of another length."""
        name, predicted = prediction
        rows = len(predicted)
        for column, cells in inputs.items():
            if len(cells) != rows:
                raise ValueError(f"{column}: {len(cells)} cells for {rows} rows")
        columns: dict[str, Column] = {column: _build(kinds[column], cells, bins) for column, cells in inputs.items()}
        columns[name] = _build(prediction_kind, predicted, bins)
        rate = float(sum(labels) / len(labels)) if labels is not None and len(labels) else None
        return cls(package, rows, name, rate, columns)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON; a profile names it, so that only profiles over the same bins are merged."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        columns = {name: {"kind": kind_of(column), **asdict(column)} for name, column in self.columns.items()}
        head = {"format": _FORMAT, "package": self.package, "rows": self.rows, "prediction": self.prediction}
        return {**head, "label_rate": self.label_rate, "columns": columns}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises `ValueError` for another format."""
        if data.get("format") != _FORMAT:
            raise ValueError(f"format: {_FORMAT} is required, found {data.get('format')!r}")
        columns = {name: _column(column) for name, column in data["columns"].items()}
        return cls(data["package"], data["rows"], data["prediction"], data["label_rate"], columns)


def kind_of(column: Column) -> Kind:
    return "numeric" if isinstance(column, NumericReference) else "categorical"


def _build(kind: Kind, cells: Sequence[Any], bins: int) -> Column:
    return NumericReference.build(cells, bins) if kind == "numeric" else CategoricalReference.build(cells)


def _column(data: Mapping[str, Any]) -> Column:
    own = {**data["own"], "counts": tuple(data["own"]["counts"])}
    if data["kind"] == "numeric":
        return NumericReference(tuple(data["edges"]), data["minimum"], data["maximum"], NumericCounts(**own))
    return CategoricalReference(tuple(data["categories"]), CategoricalCounts(**own))
