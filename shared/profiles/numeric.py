"""A numeric column: quantile bins of the training cells, and the counts of a window over the same bins.

A count vector over the buckets of a column is what distances compare: the bins, then missing cells, then cells outside
what training saw. Missing is None, NaN, a cell that is no number, or no cell at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NumericCounts:
    """`counts` by bin; `total` is the exact sum of the cells in range, each rounded to the reference's `step`."""

    counts: tuple[int, ...]
    nulls: int = 0
    outside: int = 0
    total: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            added(self.counts, other.counts),
            self.nulls + other.nulls,
            self.outside + other.outside,
            self.total + other.total,
        )


@dataclass(frozen=True, slots=True)
class NumericReference:
    """Bin i holds edges[i-1] < x <= edges[i]; the first starts at `minimum`, the last ends at `maximum`.

    Cells are compared as 32-bit floats, because that is what the model sees.
    """

    edges: tuple[float, ...]
    minimum: float
    maximum: float
    own: NumericCounts

    @classmethod
    def build(cls, cells: Sequence[Any], bins: int) -> Self:
        """Edges lie midway between a quantile and the next cell, so that rounding moves no cell across one.

        A column without any number gets one empty bin.
        """
        values = _numbers(cells)
        finite = values[np.isfinite(values)]
        if not len(finite):
            return cls((), 0.0, 0.0, NumericCounts((0,), nulls=len(values)))
        inner = np.quantile(finite, np.arange(1, bins) / bins, method="inverted_cdf")
        low, high = float(finite.min()), float(finite.max())
        quantiles, distinct = np.unique(inner[inner < high]), np.unique(finite)
        edges = tuple(((quantiles + distinct[np.searchsorted(distinct, quantiles, side="right")]) / 2).tolist())
        empty = cls(edges, low, high, NumericCounts((0,) * (len(edges) + 1)))
        return cls(edges, low, high, empty.fold(cells))

    @property
    def step(self) -> float:
        """Sums are kept as whole multiples of this, so that merging is exact in any order."""
        return (self.maximum - self.minimum) / 2**20 or 1.0

    def fold(self, cells: Sequence[Any]) -> NumericCounts:
        values = _numbers(cells)
        known = values[~np.isnan(values)]
        inside = known[(known >= self.minimum) & (known <= self.maximum)]
        bins = np.searchsorted(np.asarray(self.edges), inside, side="left")
        return NumericCounts(
            counts=tuple(np.bincount(bins, minlength=len(self.edges) + 1).tolist()),
            nulls=len(values) - len(known),
            outside=len(known) - len(inside),
            total=int(np.rint((inside - self.minimum) / self.step).sum()),
        )

    def nothing(self, rows: int) -> NumericCounts:
        """The counts of `rows` missing cells."""
        return NumericCounts((0,) * (len(self.edges) + 1), nulls=rows)

    def mean(self, counts: NumericCounts) -> float | None:
        """Mean of the cells in range, None without any."""
        cells = sum(counts.counts)
        return self.minimum + counts.total * self.step / cells if cells else None

    def buckets(self, counts: NumericCounts) -> list[int]:
        return [*counts.counts, counts.nulls, counts.outside]

    def expected(self) -> list[int]:
        """The buckets of a new sample of training's size if nothing changed."""
        return self.buckets(self.own)


def added(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    """Bin by bin; raises `ValueError` for vectors over different bins."""
    return tuple(a + b for a, b in zip(left, right, strict=True))


def _numbers(cells: Sequence[Any]) -> NDArray[np.float64]:
    """As the model sees them; NaN for what is no number."""
    try:
        values = np.asarray(cells, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        values = np.array([_number(cell) for cell in cells], dtype=np.float64)
    with np.errstate(over="ignore"):
        return values.astype(np.float32).astype(np.float64)


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
