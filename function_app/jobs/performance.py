"""The performance job: how well a package did on the labelled rows of a window (R047)."""

import numpy as np

from function_app.jobs.labelled import labelled_rows
from function_app.jobs.metrics import classifier_metrics
from function_app.jobs.rows import Wanted
from function_app.jobs.storage import JobStorage
from shared.packages import PerformanceReport, PerformanceRequestBody


async def measure_performance(request: PerformanceRequestBody, storage: JobStorage) -> PerformanceReport:
    """Uses what the package answered then, not what it would answer now."""
    package, _ = await storage.package(request.package)
    prediction = package.signature.prediction
    window = request.window
    wanted = Wanted([prediction], since=window.start, until=window.end, package=request.package)
    rows = await labelled_rows(storage, request.endpoint, wanted)
    predicted = np.array(rows.columns[prediction], dtype=np.float64)
    return PerformanceReport(
        endpoint=request.endpoint,
        package=request.package,
        window=window,
        captured=rows.captured,
        rows=len(rows),
        metrics=classifier_metrics(rows.binary, predicted, request.decision_threshold),
        baseline=dict(package.metrics),
    )
