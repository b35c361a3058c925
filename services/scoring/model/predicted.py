"""How often each part of a model's answers occurs: over the bins of what the package says it was trained with."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from threading import Lock
from typing import Any, cast

import numpy as np
import orjson

from shared.packages import PREDICTION
from shared.packages.parquet import read_parquet
from shared.ports.models.inference import Array
from shared.profiles import Kind, buckets_of, column_from, column_of
from shared.profiles.numeric import added

_BINS = 10  # as staging builds the profile that the counts are compared with
# Batches that are counted together: one alone takes 15 us, all of these no more than a few times that. Keeping more
# small arrays would cost the requests after them more, by the processor's caches.
_TOGETHER = 128


def reference_bins(reference: bytes, kind: Kind = "numeric") -> bytes:
    """What training saw of the watched column in `reference.parquet`, as JSON; `null` when there is no such column.

    That a reference is fit for its purpose is for staging to judge, not for whoever answers requests.
    """
    import pyarrow

    try:
        table = read_parquet(reference, [PREDICTION])
        cells = table[PREDICTION].to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, MemoryError):
        return b"null"
    found = column_of(kind, cells, _BINS)
    return orjson.dumps({"kind": kind, **asdict(found)}) if sum(found.own.counts) else b"null"


class PredictionCounts:
    """Batches are `offer`ed when they are answered, and counted many at a time or when `buckets` is asked for.

    `index` is the place of the watched column among what is kept of the outputs. Whoever counts holds the lock.
    """

    def __init__(self, bins: bytes = b"null", index: int = 0) -> None:
        data = orjson.loads(bins)
        self._reference = None if data is None else column_from(data)
        self._counts = () if self._reference is None else buckets_of(self._reference, ())
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
        """One count for each bin or frequent category, then rare categories, missing, then what training never saw;
        empty without a reference. See `NumericReference.buckets` and `CategoricalReference.buckets`.
        """
        with self._counting:
            batches = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if batches and self._reference is not None:
                cells = np.concatenate([batch.reshape(-1) for batch in batches])
                self._counts = added(self._counts, buckets_of(self._reference, cast(Sequence[Any], cells)))
            return self._counts
