"""What the model sees and how well it does, window by window of business time (box 8, R046, R047, R105, R106).

Reacts to WindowFolded, DeadlineReached, JobEnded, ActionFailed. Folds PredictionsCaptured, CaptureLost and
LabelsRecorded.
Emits WindowFolded, CapturesLost, RowsUnmonitored, RowsMissed (from the fold), DriftMeasured, QualityMeasured,
PerformanceRequested, PerformanceMeasured, RowsMissed.
Does: keeps captured rows and labels, submits the job that joins them.
"""

from services.monitoring.reactions import service

__all__ = ["service"]
