"""Limits as data: one policy document, typed, with defaults by scenario and overrides by endpoint."""

from shared.policies.document import EndpointPolicy, InvalidPolicy, PolicyDocument
from shared.policies.limits import (
    ApprovalLimits,
    DriftLimits,
    Limits,
    MonitoringLimits,
    NotificationLimits,
    PromotionLimits,
    RegistrationLimits,
    RetrainingLimits,
    StagingLimits,
)
