"""Two models on the same rows: is one better than the other by more than chance?"""

from dataclasses import dataclass

import numpy as np

from shared.tasks.measuring.measured import Floats, Measured, RankedPair, Whole
from shared.tasks.task import Metric

# Two-sided 95 %.
Z95 = 1.959964
_RESAMPLES, _SEED = 400, 20_130_101


@dataclass(frozen=True, slots=True)
class Difference:
    """Of the figures `ours` and `theirs`: how much `worse` ours is, known up to `margin` either way (95 %)."""

    ours: float
    theirs: float
    worse: float
    margin: float


def figures(measured: Measured) -> dict[str, float]:
    """By name; what is not defined on these rows is left out. {} without rows."""
    if not measured.rows:
        return {}
    means = {name: _mean(values) for name, values in measured.per_row.items()}
    found = means | {name: whole.figure for name, whole in measured.whole.items()}
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def difference(metric: Metric, ours: Measured, theirs: Measured) -> Difference | None:
    """None where the figure is not defined on these rows, of either."""
    sign = -1.0 if metric.better == "higher" else 1.0
    one, other = (figures(each).get(metric.name) for each in (ours, theirs))
    if one is None or other is None:
        return None
    if metric.name in ours.per_row and metric.name in theirs.per_row:
        margin = _margin(ours.per_row[metric.name] - theirs.per_row[metric.name])
    else:
        margin = _margin_of_whole(ours.whole[metric.name], theirs.whole[metric.name])
    return Difference(one, other, sign * (one - other), margin)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _margin(differences: Floats) -> float:
    """Half the width of the 95 % interval of the mean (normal approximation); infinite for fewer than two rows."""
    known = differences[~np.isnan(differences)]
    return Z95 * float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else float("inf")


def _margin_of_whole(ours: Whole, theirs: Whole) -> float:
    if isinstance(ours, RankedPair) and isinstance(theirs, RankedPair):
        return _delong(ours, theirs)
    return _bootstrapped(ours, theirs)


def _delong(ours: RankedPair, theirs: RankedPair) -> float:
    """DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
    characteristic curves", 1988, by ranks as Sun and Xu, 2014. Infinite for fewer than two rows of a class.
    """
    parts = (ours.of_positives - theirs.of_positives, ours.of_negatives - theirs.of_negatives)
    if min(map(len, parts)) < 2:
        return float("inf")
    return Z95 * float(np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)))


def _bootstrapped(ours: Whole, theirs: Whole) -> float:
    """Half the width of the percentile interval, of the same resampled rows for both."""
    random = np.random.default_rng(_SEED)
    draws = (random.integers(0, ours.rows, ours.rows) for _ in range(_RESAMPLES))
    found = np.array([ours.of(rows) - theirs.of(rows) for rows in draws])
    known = found[np.isfinite(found)]
    if len(known) < _RESAMPLES // 2:
        return float("inf")
    low, high = np.quantile(known, (0.025, 0.975))
    return float(high - low) / 2
