"""The limits by which each service decides, one section a service. Units are in the names."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.packages.staging_suite import StagingLimits as SuiteLimits

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RegistrationLimits(Section):
    """E1: does a registered model go to staging by itself, or does a person say so first?

    Of a model of which nobody is known who asked for it, two persons decide (R041), or it is refused.
    """

    staging: Literal["automatic", "never"] = "automatic"
    unknown_requester: Literal["second_person", "refused"] = "second_person"


class StagingLimits(Section):
    """R033-R040: where the suite runs, and by which limits it judges."""

    compute: str = "cpu-cluster"
    environment: str = "sluice-jobs:1"
    timeout_s: Seconds = 900
    look_every_s: Seconds = 30
    suite: SuiteLimits = SuiteLimits()


type Mode = Literal["observe", "propose", "act"]


class QuorumLimits(Section):
    """`count` different persons, each of one of these personas."""

    personas: tuple[str, ...] = Field(min_length=1)
    count: int = Field(default=1, ge=1, le=20)


class ApprovalLimits(Section):
    """R041, N9: who may approve, how many of them must, and what happens when nobody does.

    Without `quorum`, one person of `personas` is enough. `escalate_after_s` asks `escalate_to` as well; so does
    `at_expiry: escalate`, once, with as much time again.
    """

    personas: tuple[str, ...] = Field(default=("data-scientist", "project-lead"), min_length=1)
    quorum: tuple[QuorumLimits, ...] = ()
    expires_after_s: Seconds = 3 * 24 * 3600
    remind_after_s: Seconds = 24 * 3600
    escalate_after_s: Seconds | None = None
    escalate_to: tuple[str, ...] = ()
    at_expiry: Literal["reject", "escalate"] = "reject"

    @model_validator(mode="after")
    def _escalates_to_somebody(self) -> Self:
        if (self.escalate_after_s or self.at_expiry == "escalate") and not self.escalate_to:
            raise ValueError("escalate_to: at least one persona is required to escalate")
        return self

    @property
    def seats(self) -> tuple[QuorumLimits, ...]:
        return self.quorum or (QuorumLimits(personas=self.personas),)


class CanaryStep(Section):
    """The candidate gets `share` percent for at least `duration_s` and `least_requests` of its own.

    What has not become certain after `wait_s` is inconclusive, and a person is asked.
    """

    share: float = Field(gt=0, le=100)
    duration_s: float = Field(default=600, ge=0)
    least_requests: int = Field(default=500, ge=0)
    wait_s: Seconds = 3600

    @model_validator(mode="after")
    def _waits_at_least_its_duration(self) -> Self:
        if self.wait_s < self.duration_s:
            raise ValueError(f"wait_s: at least duration_s ({self.duration_s:g}) is required, found {self.wait_s:g}")
        return self


_STEPS = (
    CanaryStep(share=5),
    CanaryStep(share=25),
    CanaryStep(share=100, duration_s=300, least_requests=0),
)


class PromotionLimits(Section):
    """How long all live instances may take to serve a new generation; an instance silent for `silent_s` is not live.

    In every step but the last, the candidate is compared with the champion beside it: `error_rate_rise` and
    `slow_rate_rise` are by how much its rates may be higher; a request is slow beyond `latency_ratio` times the
    champion's quantile `latency_quantile` before the step, and never below `latency_floor_ms`. `prediction_psi` is the
    distance of its predictions from what staging saw. Where no champion answers beside it, `most_errors` is the limit.
    `false_alarm_rate` bounds the chance that a promotion of a model within these limits is aborted.
    """

    complete_within_s: Seconds = 120
    look_every_s: Seconds = 2
    silent_s: Seconds = 6
    steps: tuple[CanaryStep, ...] = Field(default=_STEPS, min_length=1)
    error_rate_rise: Share = 0.02
    most_errors: Share = 0.05
    slow_rate_rise: Share = 0.05
    latency_quantile: float = Field(default=0.95, gt=0, lt=1)
    latency_ratio: float = Field(default=1.5, ge=1)
    latency_floor_ms: float = Field(default=10.0, ge=0)
    prediction_psi: float = Field(default=0.25, gt=0)
    false_alarm_rate: float = Field(default=0.01, gt=0, lt=1)

    @model_validator(mode="after")
    def _steps_rise_to_all(self) -> Self:
        shares = [step.share for step in self.steps]
        if shares != sorted(set(shares)) or shares[-1] != 100:
            raise ValueError(f"steps: shares that rise to 100 are required, found {shares}")
        return self


class RollbackLimits(Section):
    """F12, N4: how long all live instances may take to go back and to prove it; after that a person is called.

    What they answer to the golden rows may differ from what the package records by `staging.suite.golden_tolerance`.
    """

    complete_within_s: Seconds = 120
    look_every_s: Seconds = 1
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


class BatchLimits(Section):
    """R042: where files are scored, and what one may cost. What broke off is tried again, `attempts` times in all."""

    compute: str = "cpu-cluster"
    environment: str = "sluice-jobs:1"
    chunk_rows: int = Field(
        default=50_000, ge=1, le=1_000_000, description="rows that are scored, and written, at once"
    )
    most_bytes: int = Field(default=10 * 1024**3, ge=1, description="a larger file is not scored")
    attempts: int = Field(default=3, ge=1, le=20)
    timeout_s: Seconds = 3600
    look_every_s: Seconds = 60


class NotificationLimits(Section):
    """Who hears what: audience by event type, or by `type:service`; an empty one is nobody.

    Of types that are not listed, whom the event itself names by default (docs/events.md).
    """

    audiences: dict[str, tuple[str, ...]] = {}


class Limits(Section):
    """Everything decided about one endpoint and its model."""

    scenario: Literal["classical", "cv", "nlp"] = "classical"
    modes: dict[str, Mode] = Field(default={}, description="by service; one that is not listed acts")
    registration: RegistrationLimits = RegistrationLimits()
    staging: StagingLimits = StagingLimits()
    approvals: ApprovalLimits = ApprovalLimits()
    promotion: PromotionLimits = PromotionLimits()
    rollback: RollbackLimits = RollbackLimits()
    monitoring: MonitoringLimits = MonitoringLimits()
    drift: DriftLimits = DriftLimits()
    retraining: RetrainingLimits = RetrainingLimits()
    batch: BatchLimits = BatchLimits()
    notifications: NotificationLimits = NotificationLimits()
