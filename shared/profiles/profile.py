"""Counts of a stretch of rows over a reference's bins. Profiles merge by addition, in any order and any grouping."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from shared.profiles.categorical import CategoricalCounts
from shared.profiles.numeric import NumericCounts
from shared.profiles.reference import Reference

type Counts = NumericCounts | CategoricalCounts


@dataclass(frozen=True, slots=True)
class Profile:
    """`reference` is the digest of the reference whose bins these counts are over."""

    reference: str
    rows: int
    columns: Mapping[str, Counts]

    @classmethod
    def empty(cls, reference: Reference) -> Self:
        return cls(reference.digest, 0, {name: column.nothing(0) for name, column in reference.columns.items()})

    def fold(self, reference: Reference, columns: Mapping[str, Sequence[Any]]) -> Self:
        """This and the rows of `columns` (inputs and outputs, one cell per row).

        A column that is not in the reference is left out, one that is not in `columns` is missing in every row.
        Raises `ValueError` for columns of different lengths or another reference.
        """
        lengths = {name: len(cells) for name, cells in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns: different numbers of cells {lengths}")
        rows = next(iter(lengths.values()), 0)
        counts: dict[str, Counts] = {
            name: column.fold(columns[name]) if name in columns else column.nothing(rows)
            for name, column in reference.columns.items()
        }
        return self + type(self)(reference.digest, rows, counts)

    def __add__(self, other: Self) -> Self:
        """Raises `ValueError` when the two were counted over different references."""
        if self.reference != other.reference:
            raise ValueError(f"reference: {self.reference[:12]} cannot be merged with {other.reference[:12]}")
        columns = {name: _merged(counts, other.columns[name]) for name, counts in self.columns.items()}
        return type(self)(self.reference, self.rows + other.rows, columns)

    def to_json(self) -> dict[str, Any]:
        columns = {name: asdict(counts) for name, counts in self.columns.items()}
        return {"reference": self.reference, "rows": self.rows, "columns": columns}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        columns = {name: _counts(counts) for name, counts in data["columns"].items()}
        return cls(data["reference"], data["rows"], columns)


def _merged(left: Counts, right: Counts) -> Counts:
    if isinstance(left, NumericCounts) and isinstance(right, NumericCounts):
        return left + right
    if isinstance(left, CategoricalCounts) and isinstance(right, CategoricalCounts):
        return left + right
    raise ValueError("columns: a numeric column cannot be merged with a categorical one")


def _counts(data: Mapping[str, Any]) -> Counts:
    fields = {**data, "counts": tuple(data["counts"])}
    return CategoricalCounts(**fields) if "unseen" in data else NumericCounts(**fields)
