"""Responsible AI (R038): are groups of rows treated alike? With fairlearn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, count, false_negative_rate, selection_rate
from numpy.typing import NDArray

from function_app.jobs.staging.results import at_most, inconclusive
from function_app.jobs.staging.subject import Floats, Subject
from shared.events import CheckResult
from shared.packages import SuiteLimits

_METRICS = {"selection_rate": selection_rate, "false_negative_rate": false_negative_rate}


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows with their truth, the model's probability, and the group column's cells."""

    labels: NDArray[np.int64]
    predicted: Floats
    groups: Sequence[Any]
    origin: str


def check_bias(subject: Subject, limits: SuiteLimits) -> list[CheckResult]:
    """Two checks for each group column of the signature."""
    return [
        check
        for column in subject.package.signature.groups
        for check in compare(column, _judged(subject, column, limits), limits)
    ]


def _judged(subject: Subject, column: str, limits: SuiteLimits) -> Judged:
    """Production rows where there are enough of them and they carry the column, else the reference rows."""
    if column in subject.rows.columns and len(subject.rows) >= limits.least_rows:
        return Judged(subject.rows.binary, subject.on_rows, subject.rows.columns[column], "production rows")
    table = subject.tables.reference
    labels = np.array(table[subject.package.signature.label], dtype=np.int64)
    return Judged(labels, subject.on_reference, table[column], "reference rows")


def compare(column: str, judged: Judged, limits: SuiteLimits) -> list[CheckResult]:
    """Largest difference between any two groups that are large enough; `false_negative_rate` among positives only."""
    groups = np.array([str(cell) for cell in judged.groups], dtype=object)
    decided = (judged.predicted >= limits.decision_threshold).astype(np.int64)
    bounds = {
        "selection_rate": limits.selection_rate_difference,
        "false_negative_rate": limits.false_negative_rate_difference,
    }
    return [
        _difference(f"bias.{metric}.{column}", metric, judged, groups, decided, bound, limits.least_group_rows)
        for metric, bound in bounds.items()
    ]


def _difference(
    name: str,
    metric: str,
    judged: Judged,
    groups: NDArray[np.object_],
    decided: NDArray[np.int64],
    bound: float,
    least: int,
) -> CheckResult:
    counted = judged.labels == 1 if metric == "false_negative_rate" else np.ones(len(groups), dtype=bool)
    if not counted.any():
        return inconclusive(name, f"no positive among the {judged.origin}")
    frame = MetricFrame(
        metrics={"rate": _METRICS[metric], "rows": count},
        y_true=judged.labels[counted],
        y_pred=decided[counted],
        sensitive_features=groups[counted],
    )
    large = frame.by_group[frame.by_group["rows"] >= least]["rate"]
    if len(large) < 2:
        return inconclusive(name, f"fewer than two groups with {least} {judged.origin}")
    low, high = large.idxmin(), large.idxmax()
    detail = f"{metric} {large[high]:.3f} for {high}, {large[low]:.3f} for {low} on {judged.origin}"
    return at_most(name, float(large[high] - large[low]), bound, detail, "difference of rates")
