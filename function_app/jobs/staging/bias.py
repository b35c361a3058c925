"""Responsible AI (R038), with fairlearn: are groups of rows treated alike (model), and are they alike (data)?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, count
from numpy.typing import NDArray

from function_app.jobs.staging.reference import unseen_rows
from function_app.jobs.staging.results import at_most, inconclusive
from function_app.jobs.staging.subject import Subject, answers
from shared.events import CheckResult
from shared.packages import SuiteLimits
from shared.tasks.measuring import Measured, Rate


@dataclass(frozen=True, slots=True)
class Judged:
    """What was measured on rows, and the group column's cells."""

    measured: Measured
    groups: Sequence[Any]
    origin: str


def check_bias(subject: Subject, limits: SuiteLimits) -> list[CheckResult]:
    """For each group column of the signature, what its task compares groups by."""
    columns = subject.package.signature.groups
    if not columns:
        said = "signature.json, groups: none found, at least one column by which people could be treated differently"
        return [
            inconclusive("bias.groups", f"{said} is expected; name it, or leave `bias` out in the policy and say why")
        ]
    return [check for column in columns for check in compare(column, _judged(subject, column, limits), limits)]


def _judged(subject: Subject, column: str, limits: SuiteLimits) -> Judged:
    """Production rows where there are enough of them and they carry the column, else the reference rows."""
    signature, about = subject.package.signature, subject.package.signature.about(limits.decision_threshold)
    if column in subject.production.columns and len(subject.production) >= limits.least_rows:
        found = signature.task_kind.measure(answers(signature, subject.production, about))
        return Judged(found, subject.production.columns[column], "production rows")
    keep = unseen_rows(subject)
    found = signature.task_kind.measure(answers(signature, subject.reference, about, keep))
    return Judged(found, [subject.reference.columns[column][row] for row in keep], "reference rows")


def compare(column: str, judged: Judged, limits: SuiteLimits) -> list[CheckResult]:
    """Largest difference between any two groups that are large enough."""
    groups = np.array([str(cell) for cell in judged.groups], dtype=object)
    return [
        _difference(f"bias.{name}.{column}", name, judged.origin, groups, rate, limits)
        for name, rate in judged.measured.rates.items()
    ]


def _difference(
    name: str, what: str, origin: str, groups: NDArray[np.object_], rate: Rate, limits: SuiteLimits
) -> CheckResult:
    if not rate.counted.any():
        return inconclusive(name, f"none of the {origin} counts for {what}")
    least = limits.least_group_rows
    frames = [_by_group(rate.values[:, at], rate.counted, groups) for at in range(rate.values.shape[1])]
    rows = frames[0]["rows"]
    small = sorted(str(group) for group in rows.index[rows < least])
    if (rows >= least).sum() < 2:
        return inconclusive(name, f"fewer than two groups with {least} {origin}")
    large = [frame[rows >= least]["rate"] for frame in frames]
    at = int(np.argmax([each.max() - each.min() for each in large]))
    worst = large[at]
    low, high = worst.idxmin(), worst.idxmax()
    of = f" of {rate.names[at]}" if len(frames) > 1 else ""
    left = f"; too few rows to judge {', '.join(small[:10])}" if small else ""
    detail = f"{what}{of} {worst[high]:.3f} for {high}, {worst[low]:.3f} for {low} on {origin}{left}"
    return at_most(name, float(worst[high] - worst[low]), limits.difference(rate.limit), detail, rate.unit)


def _by_group(values: NDArray[np.float64], counted: NDArray[np.bool_], groups: NDArray[np.object_]) -> Any:
    frame = MetricFrame(
        metrics={"rate": lambda y_true, y_pred: float(np.mean(y_pred)), "rows": count},
        y_true=np.zeros(int(counted.sum())),
        y_pred=values[counted],
        sensitive_features=groups[counted],
    )
    return frame.by_group
