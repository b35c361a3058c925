"""By what a model is retrained (R051, E6)."""

from collections.abc import Iterable

from pydantic import Field, field_validator

from shared.policies import Need, OwnJob, Seconds, VersionedName

_SET_BY_SLUICE = frozenset({"data_from", "data_until"})


class RetrainingLimits(OwnJob, name="retraining"):
    """What to run, and how often at most."""

    component: VersionedName = Field(
        default="flights_training:1",
        description="your pipeline component, `name:version`, in the development workspace",
    )
    output: str = Field(
        default="model",
        min_length=1,
        description="the component's output that holds the [model package](model-package.md)",
    )
    inputs: dict[str, str] = Field(
        default={}, description="literal inputs; `data_from` and `data_until` (dates) are set by Sluice"
    )
    lookback_s: Seconds = Field(default=120 * 24 * 3600, description="`data_from` lies so long before `data_until`")
    cool_down_s: Seconds = Field(
        default=24 * 3600, description="between two starts; a request within it waits for its end"
    )

    def needs(self) -> Iterable[Need]:
        for what in ("captures", "labels"):
            yield Need(what, self.lookback_s, "lookback_s")

    @field_validator("inputs")
    @classmethod
    def _leaves_ours_alone(cls, inputs: dict[str, str]) -> dict[str, str]:
        for name in sorted(_SET_BY_SLUICE & set(inputs)):
            raise ValueError(f"{name} is set by Sluice")
        return inputs
