"""A categorical column: the categories of the training cells, and the counts of a window over the same categories.

Missing is None, NaN, empty text, or no cell at all.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from shared.profiles.numeric import added

# Categories that make less than this share of the reference are compared as one bucket: a hundred nearly empty
# buckets would add only noise to a distance.
_RARE = 0.02


@dataclass(frozen=True, slots=True)
class CategoricalCounts:
    """`counts` by the reference's categories; `unseen` cells carried a category that training never saw."""

    counts: tuple[int, ...]
    nulls: int = 0
    unseen: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(added(self.counts, other.counts), self.nulls + other.nulls, self.unseen + other.unseen)


@dataclass(frozen=True, slots=True)
class CategoricalReference:
    """Every category that training saw, sorted, with its count."""

    categories: tuple[str, ...]
    own: CategoricalCounts

    @classmethod
    def build(cls, cells: Sequence[Any], categories: Iterable[str] = ()) -> Self:
        """`categories` are known even where no cell has them."""
        found = {text for cell in set(_plain(cells)) if (text := _text(cell))}
        names = tuple(sorted(found.union(categories)))
        empty = cls(names, CategoricalCounts((0,) * len(names)))
        return cls(names, empty.fold(cells))

    def fold(self, cells: Sequence[Any]) -> CategoricalCounts:
        found: Counter[str] = Counter()
        for cell, count in Counter(_plain(cells)).items():
            found[_text(cell)] += count
        nulls = found.pop("", 0)
        counts = tuple(found.pop(name, 0) for name in self.categories)
        return CategoricalCounts(counts, nulls, unseen=found.total())

    def nothing(self, rows: int) -> CategoricalCounts:
        """The counts of `rows` missing cells."""
        return CategoricalCounts((0,) * len(self.categories), nulls=rows)

    def buckets(self, counts: CategoricalCounts) -> list[int]:
        """Frequent categories, rare ones as one bucket, missing, unseen."""
        least = _RARE * max(sum(self.own.counts), 1)
        pairs = list(zip(self.own.counts, counts.counts, strict=True))
        frequent = [now for own, now in pairs if own >= least]
        return [*frequent, sum(counts.counts) - sum(frequent), counts.nulls, counts.unseen]

    def expected(self) -> list[int]:
        """The buckets of a new sample of training's size if nothing changed, by Good and Turing's estimate.

        Of ids with a long tail every sample has some that the one before had not: as many cells as training had of
        categories that it saw once. They come off the rare ones.
        """
        *frequent, rare, nulls, unseen = self.buckets(self.own)
        new = min(self.own.counts.count(1), rare)
        return [*frequent, rare - new, nulls, unseen + new]


def _plain(cells: Sequence[Any]) -> Sequence[Any]:
    return cells.tolist() if isinstance(cells, np.ndarray) else cells


def _text(cell: Any) -> str:
    """A category's one spelling: `true`, `7` and `7.0` as JSON may have changed them."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
