"""Counts of one model version since this instance started. Plain numbers, written by one thread and read by another."""

from bisect import bisect_left
from collections.abc import Sequence

from services.scoring.model.predicted import PredictionCounts
from shared.events import GoldenProof, PackageRef, VersionReport
from shared.events.predictions import LATENCY_BOUNDS_US

BOUNDS_US = LATENCY_BOUNDS_US  # one more bucket, "inf", takes the rest
_FLOAT_BOUNDS_US = tuple(map(float, BOUNDS_US))  # what is compared with them is a float, too: a third of the time
_NAMES = (*map(str, BOUNDS_US), "inf")


class VersionStatistics:
    """Errors by class: `invalid` (a bad request), `model` (the model would not run on it), `busy` (no room),
    `internal` (our own mistake).
    """

    __slots__ = ("buckets", "errors", "golden", "latency_us", "package", "predictions", "requests", "rows")

    def __init__(self, package: PackageRef, predictions: PredictionCounts | None = None) -> None:
        self.package = package
        self.predictions = predictions or PredictionCounts()
        self.requests = 0
        self.rows = 0
        self.errors: dict[str, int] = {}
        self.buckets = [0] * len(_NAMES)
        self.latency_us = 0.0
        self.golden: GoldenProof | None = None

    def served(self, rows: int, times_ns: Sequence[int]) -> None:
        """Requests that were answered: their rows together, and how long each took."""
        self.requests += len(times_ns)
        self.rows += rows
        for time_ns in times_ns:
            latency_us = time_ns / 1_000
            self.latency_us += latency_us
            self.buckets[bisect_left(_FLOAT_BOUNDS_US, latency_us)] += 1

    def failed(self, kind: str) -> None:
        """A request that got an error counts as a request, not as latency."""
        self.requests += 1
        self.errors[kind] = self.errors.get(kind, 0) + 1

    def report(self) -> VersionReport:
        return VersionReport(
            package=self.package,
            requests=self.requests,
            rows=self.rows,
            errors=dict(self.errors),
            latency_us={name: count for name, count in zip(_NAMES, self.buckets, strict=True) if count},
            predictions=self.predictions.buckets(),
            golden=self.golden,
        )
