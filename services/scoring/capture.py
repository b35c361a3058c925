"""Scored rows on their way to the hub: a bounded buffer off the request path. What does not fit is counted.

The scoring loop offers, the background thread drains. Each counter has one writer, so no lock is needed.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from services.scoring.layout import WIDEST
from services.scoring.protocol import InferRequest
from services.scoring.version import Version
from shared.ports import Clock
from shared.ports.inference import Array

_GOLDEN = 0.618033988749895  # see table.py: an even sample without randomness


# Which rows one request asked for, and what it said of them: its id, how many rows, their keys and their times.
type Mark = tuple[str, int, Sequence[str] | None, Sequence[datetime] | None]


class ScoredRows(NamedTuple):
    """The rows of one run of the model: `arrays` are the layout's blocks, `marks` say whose rows they are.

    `first` is the number of the first request among all of this instance. A tuple: one is made for every run.
    """

    version: Version
    arrays: Sequence[Array]
    outputs: Sequence[Array]
    marks: Sequence[Mark]
    first: int
    rows: int
    scored_at: datetime


class CaptureBuffer:
    """`sampling` is the share of requests to keep, 0 to 1; `most_rows` bounds what waits.

    `features` names the inputs whose values may leave this instance; None lets all.
    """

    def __init__(
        self,
        clock: Clock,
        sampling: float = 1.0,
        most_rows: int = 50_000,
        features: frozenset[str] | None = None,
    ) -> None:
        self.features = features
        self._clock = clock
        self._sampling = sampling
        self._most_rows = most_rows
        self._waiting: deque[ScoredRows] = deque()
        self._number = 0
        self._taken_rows = 0
        self.drained_rows = 0
        self.overflowed_rows = 0

    @property
    def waiting_rows(self) -> int:
        return self._taken_rows - self.drained_rows

    def offer(
        self, version: Version, requests: Sequence[InferRequest], arrays: Sequence[Array], outputs: Sequence[Array]
    ) -> None:
        """The rows of one run, in the order of its requests. Never blocks and never fails."""
        first, self._number = self._number, self._number + len(requests)
        sampling = self._sampling
        if sampling < 1:
            kept = [place for place in range(len(requests)) if (first + place) * _GOLDEN % 1.0 < sampling]
            if not kept:
                return
            if len(kept) < len(requests):
                chosen = _rows_of(requests, kept)
                arrays, outputs = version.layout.pick(arrays, chosen), [output[chosen] for output in outputs]
                requests = [requests[place] for place in kept]
                # A key need only be one of its kind: those left out lend their numbers to those that stay.
        marks = [(request.id, request.rows, request.keys, request.observed_at) for request in requests]
        self._take(version, arrays, outputs, marks, first)

    def _take(
        self,
        version: Version,
        arrays: Sequence[Array],
        outputs: Sequence[Array],
        marks: Sequence[Mark],
        first: int,
    ) -> None:
        rows = marks[0][1] if len(marks) == 1 else sum([rows for _, rows, _, _ in marks])
        if self.waiting_rows + rows > self._most_rows:
            self.overflowed_rows += rows
            return
        self._taken_rows += rows
        if not version.is_slim:
            blocks = version.layout.blocks
            arrays = [_slim(array) if block.wide else array for block, array in zip(blocks, arrays, strict=True)]
            outputs = [_slim(output) for output in outputs]
        self._waiting.append(ScoredRows(version, arrays, outputs, marks, first, rows, self._clock.now()))

    def drain(self, most_rows: int) -> list[ScoredRows]:
        """Take out at least one run if there is any, and about `most_rows` rows."""
        taken: list[ScoredRows] = []
        rows = 0
        while self._waiting and rows < most_rows:
            taken.append(self._waiting.popleft())
            rows += taken[-1].rows
        self.drained_rows += rows
        return taken


def _rows_of(requests: Sequence[InferRequest], kept: list[int]) -> Array:
    """Where the rows of the requests at these places stand, among those of all."""
    rows = [request.rows for request in requests]
    if max(rows) == 1:
        return np.array(kept)
    ends = list(accumulate(rows))
    return np.concatenate([np.arange(ends[place] - rows[place], ends[place]) for place in kept])


def _slim(array: Array) -> Array:
    """What is too wide to be captured is not held either: the buffer is bounded in rows, however large those are."""
    return array if array.size <= len(array) * WIDEST else np.empty((len(array), 0), array.dtype)
