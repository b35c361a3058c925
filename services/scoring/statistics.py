"""Counts of one model version since this instance started. Plain numbers, written by one thread and read by another."""

from bisect import bisect_left
from collections.abc import Sequence

from shared.events import GoldenProof, PackageRef, VersionReport

# Upper bounds in microseconds; one more bucket, "inf", takes the rest.
BOUNDS_US = (
    50, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 10_000, 15_000, 20_000,
    30_000, 50_000, 75_000, 100_000, 150_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
)  # fmt: skip
_NAMES = (*map(str, BOUNDS_US), "inf")


class VersionStatistics:
    """Errors by class: `invalid` (a bad request), `model` (the model would not run on it), `busy` (no room),
    `internal` (our own mistake).
    """

    __slots__ = ("buckets", "errors", "golden", "latency_us", "package", "requests", "rows")

    def __init__(self, package: PackageRef) -> None:
        self.package = package
        self.requests = 0
        self.rows = 0
        self.errors: dict[str, int] = {}
        self.buckets = [0] * len(_NAMES)
        self.latency_us = 0.0
        self.golden: GoldenProof | None = None

    def served(self, rows: int, began_ns: Sequence[int], ended_ns: int) -> None:
        """The requests of one run: their rows together, when each began, and when the last was answered."""
        self.requests += len(began_ns)
        self.rows += rows
        for began in began_ns:
            latency_us = (ended_ns - began) / 1_000
            self.latency_us += latency_us
            self.buckets[bisect_left(BOUNDS_US, latency_us)] += 1

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
            golden=self.golden,
        )
