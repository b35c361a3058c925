"""What was measured on rows: what each row has of its own, what only all have, and what groups are compared by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Rows = NDArray[np.intp]
type Figure = Callable[[Rows], float]
# How a difference of groups is limited: by the name of its limit in the policy.
type Limit = Literal["selection_rate", "false_negative_rate", "label_rate", "error_rate", "error"]


@dataclass(frozen=True, slots=True)
class Whole:
    """A figure that no row has of its own: `of` gives it for any choice of the rows, NaN where it is not defined."""

    of: Figure
    rows: int

    @property
    def figure(self) -> float:
        return self.of(np.arange(self.rows))


@dataclass(frozen=True, slots=True)
class RankedPair(Whole):
    """The area under the curve, whose difference has an interval by formula: of positives and negatives the share of
    the others below and above them."""

    of_positives: Floats = field(default_factory=lambda: np.empty(0))
    of_negatives: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class Rate:
    """What groups are compared by: `values` [N, K] with a name for each column; `counted` are the rows it is about."""

    limit: Limit
    values: Floats
    names: tuple[str, ...]
    counted: NDArray[np.bool_]
    unit: str = "difference of rates"


@dataclass(frozen=True, slots=True)
class Measured:
    """`per_row` are figures that are means over rows; NaN stands for a row that has none."""

    rows: int
    per_row: Mapping[str, Floats] = field(default_factory=dict)
    whole: Mapping[str, Whole] = field(default_factory=dict)
    rates: Mapping[str, Rate] = field(default_factory=dict)
