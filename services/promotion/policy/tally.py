"""What happened to a version during one canary step, added up from counts that only grow.

Each look adds what an instance has counted since the look before. An instance that is new, or whose counts have
fallen, has started since, so that all of its counts are new; one that is gone leaves what was added of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.events import Digest, VersionReport
from shared.events.predictions import LATENCY_BOUNDS_US

# What the model or we ourselves got wrong. `invalid` and `busy` are about the caller and the load, not the version.
OURS = ("model", "internal")


class Tally(BaseModel):
    """`answered` requests, `slow` of them beyond the step's bound; `failed` ones; rows by `predictions` bucket."""

    model_config = ConfigDict(frozen=True)

    answered: int = 0
    slow: int = 0
    failed: int = 0
    predictions: tuple[int, ...] = ()

    @classmethod
    def of(cls, report: VersionReport, slow_us: float) -> Self:
        """All that was counted since the instance started. `slow_us` is one of the histogram's bounds."""
        slow = sum(count for bound, count in report.latency_us.items() if float(bound) > slow_us)
        failed = sum(report.errors.get(kind, 0) for kind in OURS)
        return cls(answered=sum(report.latency_us.values()), slow=slow, failed=failed, predictions=report.predictions)

    @property
    def requests(self) -> int:
        """Those that say something about the version."""
        return self.answered + self.failed

    def __add__(self, other: Self) -> Self:
        return type(self)(
            answered=self.answered + other.answered,
            slow=self.slow + other.slow,
            failed=self.failed + other.failed,
            predictions=_added(self.predictions, other.predictions),
        )

    def since(self, before: Self) -> Self:
        """What came after `before`: everything, when a count has fallen."""
        figures, then = (self.answered, self.slow, self.failed), (before.answered, before.slow, before.failed)
        more = tuple(now - old for now, old in zip(figures, then, strict=True))
        predictions = _grown(self.predictions, before.predictions)
        if min(more) < 0 or min(predictions, default=0) < 0:
            return self
        return type(self)(answered=more[0], slow=more[1], failed=more[2], predictions=predictions)


def _grown(now: tuple[int, ...], before: tuple[int, ...]) -> tuple[int, ...]:
    """Counts over other bins than before have all come since."""
    if len(now) != len(before):
        return now
    return tuple(new - old for new, old in zip(now, before, strict=True))


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """One of them may know nothing; counts over different bins cannot be added, and the newer ones count."""
    if len(one) != len(other):
        return other or one
    return tuple(a + b for a, b in zip(one, other, strict=True))


type Counted = Mapping[str, Mapping[Digest, Tally]]


class Measured(BaseModel):
    """`last` is what each instance had counted at the latest look, `during` what came since the step began."""

    model_config = ConfigDict(frozen=True)

    slow_us: float = 0
    last: dict[str, dict[Digest, Tally]] = {}
    during: dict[Digest, Tally] = {}

    def of(self, package: Digest) -> Tally:
        return self.during.get(package, Tally())

    def after(self, counted: Counted) -> "Measured":
        during = dict(self.during)
        for instance, versions in counted.items():
            before = self.last.get(instance, {})
            for digest, now in versions.items():
                new = now.since(before[digest]) if digest in before else now
                during[digest] = during.get(digest, Tally()) + new
        last = {**self.last, **{name: {**self.last.get(name, {}), **dict(found)} for name, found in counted.items()}}
        return Measured(slow_us=self.slow_us, last=last, during=during)


def begun(counted: Counted, slow_us: float) -> Measured:
    """A step begins: what was counted before is its baseline."""
    return Measured(slow_us=slow_us, last={name: dict(versions) for name, versions in counted.items()})


def slow_bound_us(champion: Iterable[VersionReport], quantile: float, ratio: float, floor_us: float) -> float:
    """Beyond which a request is called slow: `ratio` times the champion's `quantile`, rounded up to a bucket's bound.

    Fixed before the step, from what the champion had answered until then, so that the test in the step stays valid.
    """
    histogram: dict[float, int] = {}
    for report in champion:
        for name, count in report.latency_us.items():
            histogram[float(name)] = histogram.get(float(name), 0) + count
    bound = max(floor_us, ratio * _quantile(histogram, quantile))
    return next((float(each) for each in LATENCY_BOUNDS_US if each >= bound), bound)


def _quantile(histogram: Mapping[float, int], quantile: float) -> float:
    """Upper bound of the bucket in which it lies; 0 for an empty histogram."""
    wanted, passed = quantile * sum(histogram.values()), 0
    for bound in sorted(histogram):
        passed += histogram[bound]
        if passed >= wanted:
            return bound
    return 0.0


def counted_of(reports: Mapping[str, Sequence[VersionReport]], slow_us: float) -> Counted:
    return {
        name: {report.package.digest: Tally.of(report, slow_us) for report in found} for name, found in reports.items()
    }
