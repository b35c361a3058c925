"""The performance job: how well a package did on the labelled rows of a window (R047)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.jobs.labelled import labelled_rows
from function_app.jobs.rows import LabelledRows, Wanted
from function_app.jobs.storage import JobStorage
from shared.packages import PerformanceReport, PerformanceRequestBody, Signature
from shared.tasks import Answers, Role
from shared.tasks.measuring import figures


async def measure_performance(request: PerformanceRequestBody, storage: JobStorage) -> PerformanceReport:
    """Uses what the package answered then, not what it would answer now."""
    package, _ = await storage.package(request.package)
    signature, window = package.signature, request.window
    about = signature.about(request.decision_threshold)
    wanted = Wanted([signature.prediction], since=window.start, until=window.end, package=request.package)
    rows = await labelled_rows(
        storage, request.endpoint, wanted, is_truth=lambda label: signature.task_kind.truth(label, about) is not None
    )
    return PerformanceReport(
        endpoint=request.endpoint,
        package=request.package,
        window=window,
        captured=rows.captured,
        rows=len(rows),
        metrics=_figures(signature, rows, request.decision_threshold),
        baseline=dict(package.metrics),
    )


def _figures(signature: Signature, rows: LabelledRows, threshold: float) -> dict[str, float]:
    """Of the column that was captured; {} where that is no whole answer, as of several labels or steps."""
    role = _role(signature)
    if role is None or not len(rows):
        return {}
    about, cells = signature.about(threshold), rows.columns[signature.prediction]
    answered: NDArray[Any] = np.array(cells, dtype=object if signature.watched_kind == "categorical" else np.float64)
    truth = [signature.task_kind.truth(label, about) for label in rows.labels]
    return figures(signature.task_kind.measure(Answers(truth, {role: answered}, about)))


def _role(signature: Signature) -> Role | None:
    if len(signature.labels) > 1:
        return None
    return "label" if signature.watched_kind == "categorical" else signature.task_kind.watched_as
