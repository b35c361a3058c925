"""Drift is decided on measurements alone: nothing to gather."""

from services.drift import policy
from shared.events import (
    DriftCleared,
    DriftConfirmed,
    DriftMeasured,
    Event,
    PerformanceMeasured,
    PromotionCompleted,
    RetrainingRequested,
)
from shared.reactor import Service

service = Service(__package__, lane="measurement", state=policy.Findings)

_EMITS: list[type[Event]] = [DriftConfirmed, DriftCleared, RetrainingRequested]
service.reacts_to(DriftMeasured, decide=policy.decide_measured, emits=_EMITS)
service.reacts_to(PerformanceMeasured, decide=policy.decide_performance, emits=_EMITS)
service.reacts_to(PromotionCompleted, decide=policy.decide_promoted)
