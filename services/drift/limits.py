"""By what drift is confirmed, and what then happens (F07)."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.policies import BECAUSE_OF_THE_SCENARIO, NEVER_BY_ITSELF, Rule, Section

_NEVER_BY_ITSELF = Rule(
    field="action",
    scenarios=NEVER_BY_ITSELF,
    forbidden=("retrain",),
    instead="notify",
    because=BECAUSE_OF_THE_SCENARIO,
)


class DriftLimits(Section, name="drift"):
    """N of M windows beyond a limit confirm drift; distances as in `shared.profiles`."""

    rules: ClassVar[tuple[Rule, ...]] = (_NEVER_BY_ITSELF,)

    feature_psi: float = Field(
        default=0.25,
        gt=0,
        description="population stability index of a feature against the reference; formula in "
        "[`distance.py`](../shared/profiles/distance.py)",
    )
    prediction_psi: float = Field(default=0.25, gt=0, description="the same of the prediction")
    min_features: int = Field(default=1, ge=1, description="features beyond the limit that make a window a breach")
    ignored: tuple[str, ...] = Field(default=(), description="features that do not count")
    performance_metric: Literal["roc_auc", "log_loss", "brier"] = Field(
        default="roc_auc", description="what performance is judged by"
    )
    max_performance_loss: float = Field(default=0.05, gt=0, description="loss against the package's own test figure")
    breaches: int = Field(
        default=2, ge=1, description="so many windows beyond the limit confirm drift, until none is ..."
    )
    of: int = Field(default=3, ge=1, description="... among the last so many, of twice as many windows' time at most")
    action: Literal["retrain", "notify", "nothing"] = Field(
        default="retrain",
        description="`notify` and `nothing` confirm without retraining; who is told is up to `notifications`. "
        "Never `retrain` for `cv` and `nlp`",
    )

    retrain_on: tuple[Literal["data", "prediction", "performance"], ...] = Field(
        default=("data", "performance"),
        description="signals that retrain under `action: retrain`; the others are told. Predictions are compared with "
        "those of the training rows, which a flexible model knows by heart",
    )
    max_null_rise: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="a column whose share of missing cells rose by more is a fault upstream, or withheld from "
        "captures: it counts as no drift",
    )

    @model_validator(mode="after")
    def _can_be_confirmed(self) -> Self:
        if self.breaches > self.of:
            raise ValueError(f"breaches: at most of ({self.of}) can be reached")
        return self
