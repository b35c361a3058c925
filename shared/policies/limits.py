"""The limits by which each service decides, one section a service. Units are in the names."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.packages.staging_suite import StagingLimits as SuiteLimits

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RegistrationLimits(Section):
    """E1: does a registered model go to staging by itself, or does a person say so first?"""

    staging: Literal["automatic", "never"] = "automatic"


class StagingLimits(Section):
    """R033-R040: where the suite runs, and by which limits it judges."""

    compute: str = "cpu-cluster"
    environment: str = "sluice-jobs:1"
    timeout_s: Seconds = 900
    look_every_s: Seconds = 30
    suite: SuiteLimits = SuiteLimits()


class ApprovalLimits(Section):
    """R041, N9: who may approve, and what happens when nobody does."""

    personas: tuple[str, ...] = ("data-scientist", "project-lead")
    expires_after_s: Seconds = 3 * 24 * 3600
    remind_after_s: Seconds = 24 * 3600


class PromotionLimits(Section):
    """How long all live instances may take to serve a new generation; an instance silent for `silent_s` is not live."""

    complete_within_s: Seconds = 120
    look_every_s: Seconds = 2
    silent_s: Seconds = 6


class MonitoringLimits(Section):
    """Windows of business time. `grace_s` of later business time closes a window; `idle_s` of wall time does, too."""

    window_s: Seconds = 7 * 24 * 3600
    grace_s: float = Field(default=24 * 3600, ge=0)
    idle_s: Seconds = 300
    min_rows: int = Field(default=200, ge=1, description="a smaller window measures nothing")
    labels_after_s: Seconds = 300
    performance: bool = True
    performance_timeout_s: Seconds = 600

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_s)


class DriftLimits(Section):
    """N of M windows beyond a limit confirm drift (F07); distances as in `shared.profiles`."""

    feature_psi: float = Field(default=0.25, gt=0)
    prediction_psi: float = Field(default=0.25, gt=0)
    min_features: int = Field(default=1, ge=1, description="features beyond the limit that make a window drift")
    ignored: tuple[str, ...] = ()
    performance_metric: Literal["roc_auc", "log_loss", "brier"] = "roc_auc"
    max_performance_loss: float = Field(default=0.05, gt=0)
    breaches: int = Field(default=2, ge=1)
    of: int = Field(default=3, ge=1)
    action: Literal["retrain", "notify", "nothing"] = "retrain"


class RetrainingLimits(Section):
    """R051, E6: what to run, and how often at most."""

    component: str = "flights_training:1"
    compute: str = "cpu-cluster"
    output: str = "model"
    inputs: dict[str, str] = Field(default={}, description="literal inputs; data_from and data_until are set by Sluice")
    lookback_s: Seconds = 120 * 24 * 3600
    cool_down_s: Seconds = 24 * 3600
    timeout_s: Seconds = 3600
    look_every_s: Seconds = 60


class NotificationLimits(Section):
    """Who hears what: audience by event type; types that are not listed reach nobody."""

    audiences: dict[str, tuple[str, ...]] = {}


class Limits(Section):
    """Everything decided about one endpoint and its model."""

    scenario: Literal["classical", "cv", "nlp"] = "classical"
    registration: RegistrationLimits = RegistrationLimits()
    staging: StagingLimits = StagingLimits()
    approvals: ApprovalLimits = ApprovalLimits()
    promotion: PromotionLimits = PromotionLimits()
    monitoring: MonitoringLimits = MonitoringLimits()
    drift: DriftLimits = DriftLimits()
    retraining: RetrainingLimits = RetrainingLimits()
    notifications: NotificationLimits = NotificationLimits()
