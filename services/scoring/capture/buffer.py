"""Scored rows on their way to the hub: a bounded buffer off the request path. What does not fit is counted.

The scoring loop offers, whoever sends drains, perhaps on another thread. Each counter has one writer, so that no lock
is needed.
"""

from collections import deque
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from services.scoring.capture.scored import ScoredRows, ScoredRun
from services.scoring.model.version import Version
from services.scoring.protocol import InferRequest
from shared.ports import Clock
from shared.ports.models.inference import Array

_GOLDEN = 0.618033988749895  # see model.table: an even sample without randomness


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
        self.clock = clock
        self.features = features
        self.sampling = sampling
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
        """The rows of these requests, in their order. Never waits for the hub and never fails."""
        first, self._number = self._number, self._number + len(requests)
        sampling = self.sampling
        if sampling < 1:
            kept = [place for place in range(len(requests)) if (first + place) * _GOLDEN % 1.0 < sampling]
            if not kept:
                return
            if len(kept) < len(requests):
                chosen = _rows_of(requests, kept)
                arrays, outputs = version.layout.pick(arrays, chosen), [output[chosen] for output in outputs]
                requests = [requests[place] for place in kept]
                # A key need only be one of its kind: those left out lend their numbers to those that stay.
        self._take(version, arrays, outputs, ScoredRun.of(first, requests, self.clock.now()))

    def _take(self, version: Version, arrays: Sequence[Array], outputs: Sequence[Array], run: ScoredRun) -> None:
        if self.waiting_rows + run.rows > self._most_rows:
            self.overflowed_rows += run.rows
            return
        self._taken_rows += run.rows
        self._waiting.append(ScoredRows(version, arrays, outputs, (run,), run.rows))

    def drain(self, most_rows: int) -> list[ScoredRows]:
        """Take out what was offered together at least, if there is any, and about `most_rows` rows."""
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
