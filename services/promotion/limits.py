"""By what a canary goes on, is aborted, or becomes a question."""

from typing import Self

from pydantic import Field, model_validator

from shared.policies import Part, Seconds, Section, Share


class CanaryStep(Part):
    """The candidate gets `share` percent for at least `duration_s` and `least_requests` of its own.

    What has not become certain after `wait_s` is inconclusive, and a person is asked.
    """

    share: float = Field(gt=0, le=100, description="percent of the requests; the champion keeps the rest")
    duration_s: float = Field(default=600, ge=0, description="at least so long, from when all instances serve it")
    least_requests: int = Field(
        default=500, ge=0, description="of the candidate, at least; few requests also leave the tests uncertain"
    )
    wait_s: Seconds = Field(default=3600, description="what is not certain by then is inconclusive: a person is asked")

    @model_validator(mode="after")
    def _waits_at_least_its_duration(self) -> Self:
        if self.wait_s < self.duration_s:
            raise ValueError(f"wait_s: at least duration_s ({self.duration_s:g}) is required")
        return self


_STEPS = (
    CanaryStep(share=5),
    CanaryStep(share=25),
    CanaryStep(share=100, duration_s=300, least_requests=0),
)


class PromotionLimits(Section, name="promotion"):
    """In every step but the last, the candidate is compared with the champion beside it."""

    complete_within_s: Seconds = Field(
        default=120,
        description="until then every live scoring instance has to serve a step's generation, else it is aborted",
    )
    look_every_s: Seconds = Field(
        default=2,
        description="pause between two looks while instances follow; then a twentieth of the step, if that is longer",
    )
    silent_s: Seconds = Field(default=6, description="an instance that reported nothing for so long is not live")
    steps: tuple[CanaryStep, ...] = Field(
        default=_STEPS,
        min_length=1,
        description="list of `{share, duration_s, least_requests, wait_s}`, see below; shares rise to 100",
    )
    error_rate_rise: Share = Field(
        default=0.02,
        description="by how much the candidate's error rate may be above the champion's in the same step",
    )
    most_errors: Share = Field(
        default=0.05,
        description="error rate where no champion answers beside it: at 100 %, and for a first version",
    )
    slow_rate_rise: Share = Field(default=0.05, description="as `error_rate_rise`, for its share of slow answers")
    latency_quantile: float = Field(
        default=0.95, gt=0, lt=1, description="an answer is slow beyond this quantile of the champion's before the step"
    )
    latency_ratio: float = Field(default=1.5, ge=1, description="... so many times")
    latency_floor_ms: float = Field(default=10.0, ge=0, description="... and never below this")
    prediction_psi: float = Field(
        default=0.25,
        gt=0,
        description="distance of its predictions from those that staging counted; surely beyond: a person is asked",
    )
    false_alarm_rate: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="chance, at most, that a promotion within the limits on errors and latency is aborted, "
        "however often one looks",
    )

    @model_validator(mode="after")
    def _steps_rise_to_all(self) -> Self:
        shares = [step.share for step in self.steps]
        if shares != sorted(set(shares)) or shares[-1] != 100:
            raise ValueError("steps: shares that rise to 100 are required")
        return self
