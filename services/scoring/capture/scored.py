"""Rows that were scored, and what their requests said of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from services.scoring.model.version import Version
from services.scoring.protocol import InferRequest
from shared.ports.models.inference import Array


class Mark(NamedTuple):
    """What one request said of its rows: its id, how many, their keys, their times. `start` rows of it went before."""

    identity: str
    rows: int
    keys: Sequence[str] | None = None
    observed_at: Sequence[datetime] | None = None
    start: int = 0

    def cut(self, low: int, high: int) -> "Mark":
        keys, times = self.keys, self.observed_at
        return Mark(self.identity, high - low, keys and keys[low:high], times and times[low:high], self.start + low)


class ScoredRun(NamedTuple):
    """Rows that were captured together. `first` is the number of their first request among all of this instance.

    No `marks` mean one row for each request, of which nothing was said.
    """

    first: int
    rows: int
    scored_at: datetime
    marks: Sequence[Mark] = ()

    @classmethod
    def of(cls, first: int, requests: Sequence[InferRequest], scored_at: datetime) -> "ScoredRun":
        rows = sum([request.rows for request in requests])
        if rows == len(requests) and not any([each.id or each.keys or each.observed_at for each in requests]):
            return cls(first, rows, scored_at)
        return cls(first, rows, scored_at, [Mark(each.id, each.rows, each.keys, each.observed_at) for each in requests])

    def cut(self, low: int, high: int) -> "ScoredRun":
        if not self.marks:
            return ScoredRun(self.first + low, high - low, self.scored_at)
        skipped, marks = _cut(self.marks, low, high)
        return ScoredRun(self.first + skipped, high - low, self.scored_at, marks)


class ScoredRows(NamedTuple):
    """Rows of runs of one version: `arrays` are the layout's blocks."""

    version: Version
    arrays: Sequence[Array]
    outputs: Sequence[Array]
    runs: Sequence[ScoredRun]
    rows: int

    def cut(self, low: int, high: int) -> "ScoredRows":
        arrays = self.version.layout.pick(self.arrays, slice(low, high))
        outputs = [output[low:high] for output in self.outputs]
        return ScoredRows(self.version, arrays, outputs, _cut(self.runs, low, high)[1], high - low)


def kind_of(version: Version, arrays: Sequence[Array], outputs: Sequence[Array]) -> object:
    """What rows must have in common to be joined: their version, and the sizes that its tensors leave free."""
    if version.is_slim:
        return version
    blocks = zip(version.layout.blocks, arrays, strict=True)
    sizes = [array.shape[1:] for block, array in blocks if block.wide]
    return version, *sizes, *(output.shape[1:] for output in outputs)


def joined(scored: Sequence[ScoredRows]) -> ScoredRows:
    """Rows of one kind together."""
    version = scored[0].version
    arrays = version.layout.join([each.arrays for each in scored])
    outputs = joined_outputs([each.outputs for each in scored])
    runs = [run for each in scored for run in each.runs]
    return ScoredRows(version, arrays, outputs, runs, sum([each.rows for each in scored]))


def joined_outputs(parts: Sequence[Sequence[Array]]) -> list[Array]:
    return [np.concatenate(same) for same in zip(*parts, strict=True)]


def _cut[T: (Mark, ScoredRun)](items: Sequence[T], low: int, high: int) -> tuple[int, list[T]]:
    """Rows `low` to `high` of these items, and how many items were left out before them."""
    found: list[T] = []
    skipped, at = 0, 0
    for item in items:
        first, last = max(low - at, 0), min(high - at, item.rows)
        if first < last:
            found.append(item if last - first == item.rows else item.cut(first, last))
        elif not found:
            skipped += 1
        at += item.rows
    return skipped, found
