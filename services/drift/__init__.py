"""When does drift deserve retraining, a person, or nothing (box 9, R050-R052, E4, E5)?

Reacts to DriftMeasured, PerformanceMeasured, PromotionCompleted.
Emits DriftConfirmed, DriftCleared, RetrainingRequested.
"""

from services.drift.reactions import service

__all__ = ["service"]
