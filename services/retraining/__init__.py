"""A wish to retrain becomes one job, and its result a registered model (box 9, R051, E4, E6).

Reacts to RetrainingRequested, JobEnded, DeadlineReached, ActionFailed.
Emits RetrainingStarted, RetrainingDeferred, RetrainingRefused, RetrainingCompleted, RetrainingFailed.
Does: submits the team's own training component, registers what it wrote.
"""

from services.retraining.reactions import service

__all__ = ["service"]
