"""How often each part of a model's answers occurs: over the bins of what the package says it was trained with."""

from collections import deque
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, cast

import numpy as np
import orjson

from shared.packages import PREDICTION
from shared.packages.parquet import read_parquet
from shared.ports.models.inference import Array
from shared.profiles import NumericCounts, NumericReference
from shared.profiles.numeric import added

_BINS = 10  # as staging builds the profile that the counts are compared with
# Batches that are counted together: one alone takes 15 us, all of these no more than a few times that. Keeping more
# small arrays would cost the requests after them more, by the processor's caches.
_TOGETHER = 128


def reference_bins(reference: bytes) -> bytes:
    """The bins of the monitored output in `reference.parquet`, as JSON; `null` when there is no such column of numbers.

    That a reference is fit for its purpose is for staging to judge, not for whoever answers requests.
    """
    import pyarrow

    try:
        table = read_parquet(reference, [PREDICTION])
        cells = table[PREDICTION].to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, MemoryError):
        return b"null"
    found = NumericReference.build(cells, _BINS)
    bins = {"edges": found.edges, "minimum": found.minimum, "maximum": found.maximum}
    return orjson.dumps(bins) if sum(found.own.counts) else b"null"


class PredictionCounts:
    """Batches are `offer`ed when they are answered, and counted many at a time or when `buckets` is asked for.

    `index` is the place of the monitored output among the model's. Whoever counts holds the lock.
    """

    def __init__(self, bins: bytes = b"null", index: int = 0) -> None:
        data = orjson.loads(bins)
        self._reference = None if data is None else _reference(data)
        self._counts = (0,) * (len(self._reference.edges) + 3) if self._reference else ()
        self._index = index
        self._waiting: deque[Array] = deque()
        self._counting = Lock()

    def offer(self, outputs: Sequence[Array]) -> None:
        if self._reference is None:
            return
        self._waiting.append(outputs[self._index])
        if len(self._waiting) >= _TOGETHER:
            self.buckets()

    def buckets(self) -> tuple[int, ...]:
        """One count for each bin, then missing, then outside of what training saw; empty without a reference."""
        with self._counting:
            batches = [self._waiting.popleft() for _ in range(len(self._waiting))]
            # An output with more than one number for each row is no column that could be monitored.
            columns = [batch.reshape(-1) for batch in batches if batch.size == len(batch)]
            if columns and self._reference is not None:
                counted = self._reference.fold(cast(Sequence[Any], np.concatenate(columns)))
                self._counts = added(self._counts, tuple(self._reference.buckets(counted)))
            return self._counts


def _reference(data: Mapping[str, Any]) -> NumericReference:
    """The bins alone matter here: what training counted in them is in the profile that staging built."""
    return NumericReference(tuple(data["edges"]), data["minimum"], data["maximum"], NumericCounts(()))
