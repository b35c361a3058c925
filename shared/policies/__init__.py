"""Limits as data: one policy document, typed, with defaults by scenario and overrides by endpoint."""

from shared.policies.document import EndpointPolicy, InvalidPolicy, PolicyDocument
from shared.policies.limits import (
    ApprovalLimits,
    BatchLimits,
    CanaryStep,
    DriftLimits,
    Limits,
    Mode,
    MonitoringLimits,
    NotificationLimits,
    PromotionLimits,
    QuorumLimits,
    RegistrationLimits,
    RetrainingLimits,
    StagingLimits,
)
