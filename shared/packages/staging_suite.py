"""What the staging job is asked and what it answers: both are evidence, known by their digests."""

from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator, model_validator

from shared.events.references import Digest, EndpointRef, PackageRef
from shared.events.staging import CheckResult, Verdict
from shared.packages.graph import NEWEST_OPSET, OLDEST_OPSET
from shared.tasks import Scale


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# Checks by name, and families of them by what stands before the dot.
NEEDED = frozenset({"package", "graph.operators", "graph.signature", "graph.runs"})
CHECKS: tuple[str, ...] = (
    "graph.finite", "graph.answers", "golden", "golden.reproduced", "golden.alone", "reference", "reference.labels",
    "reference.prediction", "reference.trained", "metrics", "comparison", "comparison.rows", "comparison.champion",
    "quality", "quality.null_rate_rise", "quality.out_of_range_rate", "quality.unseen_category_rate", "deployment",
    "deployment.smoke", "deployment.latency_p95", "bias", "bias.groups", "tests", "rollback", "rollback.rehearsal",
)  # fmt: skip
# Families whose further names depend on the task, the groups, the sizes of requests and a team's own tests.
OPEN = frozenset({"metrics", "comparison", "deployment", "bias", "tests"})


class CheckLimits(_Body):
    """What a policy says of the checks. Rates and differences are shares of rows (0 to 1)."""

    least_rows: int = Field(
        default=500,
        ge=1,
        description="labelled production rows later than both trainings: fewer is inconclusive. At most a million "
        "captured rows, newest days first, are looked through for them",
    )
    most_rows: int = Field(default=50_000, ge=1, description="of more, the newest are used")
    least_roc_auc: float = Field(default=0.55, ge=0, le=1, description="the package's own test figure")
    worse_log_loss: float = Field(
        default=0.01,
        ge=0,
        description="how much worse than the champion; judged with a 95 % interval, inconclusive when it spans the "
        "limit",
    )
    worse_roc_auc: float = Field(default=0.02, ge=0, description="the same of the area under the curve")
    below_own_roc_auc: float = Field(
        default=0.1, ge=0, description="without a champion: production against the package's own test figure"
    )
    own_figures: dict[str, FiniteFloat] = Field(
        default={},
        description="limits of further figures of `metrics.json`, by the name that the task gives them: at least or at "
        "most, as the figure is better",
    )
    worse_rate: float = Field(
        default=0.02, ge=0, description="the same of figures between 0 and 1: accuracy, F1, IoU, R²"
    )
    worse_error: float = Field(
        default=0.05, ge=0, description="the same of errors of numbers, as a share of the champion's"
    )
    below_own_rate: float = Field(
        default=0.1, ge=0, description="as `below_own_roc_auc`, for other figures between 0 and 1"
    )
    above_own_error: float = Field(
        default=0.25, ge=0, description="the same of errors, as a share of the package's own figure"
    )
    null_rate_rise: float = Field(default=0.1, ge=0, le=1, description="data quality of the rows, worst column")
    out_of_range_rate: float = Field(default=0.25, ge=0, le=1, description="the same")
    unseen_category_rate: float = Field(default=0.02, ge=0, le=1, description="the same")
    least_opset: int = Field(default=OLDEST_OPSET, ge=1, description="of the standard operators")
    most_opset: int = Field(
        default=NEWEST_OPSET, ge=1, description="of the standard operators; by default the newest that is run here"
    )
    smoke_requests: int = Field(default=200, ge=20, description="of a test deployment inside the job")
    latency_p95_ms: float = Field(default=100.0, gt=0, description="of these requests")
    least_group_rows: int = Field(default=200, ge=1, description="smaller groups are left out of the bias checks")
    decision_threshold: float = Field(
        default=0.5, gt=0, lt=1, description="turns a probability into a decision for the bias checks"
    )
    selection_rate_difference: float = Field(
        default=0.25, ge=0, le=1, description="largest difference between two groups"
    )
    false_negative_rate_difference: float = Field(
        default=0.25, ge=0, le=1, description="largest difference between two groups"
    )
    label_rate_difference: float = Field(
        default=0.5, ge=0, le=1, description="the same of the labels themselves: data bias"
    )
    error_rate_difference: float = Field(
        default=0.25, ge=0, le=1, description="the same of wrong answers, where there are several classes"
    )
    error_difference: float = Field(
        default=1.0, ge=0, description="the same of numbers, in standard deviations of what is predicted"
    )
    load_callers: int = Field(default=4, ge=1, le=64, description="of the test deployment at the same time")
    load_rows: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = Field(
        default=(1, 32), max_length=10, description="of one request of theirs, one check for each"
    )
    load_requests: int = Field(default=40, ge=1, le=100_000, description="of all of them, for each of these sizes")
    load_latency_p95_ms: float = Field(default=1_000.0, gt=0, description="of these requests")
    left_out: dict[str, Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default={},
        description="checks that are not made, by name or by what comes before the dot, each with the reason, which "
        "the report and the page of the approval repeat",
    )
    run_seconds: int = Field(default=60, ge=1, description="bounds each process that runs the candidate")
    run_megabytes: int = Field(default=4096, ge=256, description="bounds each process that runs the candidate")

    def own_figure(self, metric: str) -> float | None:
        """The limit of a figure of `metrics.json`; None without one."""
        return self.own_figures.get(metric, self.least_roc_auc if metric == "roc_auc" else None)

    def worse(self, metric: str, scale: Scale) -> float:
        """How much worse than the champion this figure may be."""
        by_scale = {"rate": self.worse_rate, "nats": self.worse_log_loss, "error": self.worse_error}
        return self.worse_roc_auc if metric == "roc_auc" else by_scale[scale]

    def from_own(self, metric: str, scale: Scale, own: float) -> float:
        """How far from the package's own figure production may be."""
        if metric == "roc_auc":
            return self.below_own_roc_auc
        return self.below_own_rate if scale == "rate" else self.above_own_error * abs(own)

    def difference(self, rate: str) -> float:
        """Between two groups; `rate` is what is said before `_difference`."""
        return float(getattr(self, f"{rate}_difference"))

    def reason_to_leave_out(self, check: str) -> str | None:
        """None for a check that is made."""
        return next((self.left_out[name] for name in (check, check.split(".")[0]) if name in self.left_out), None)

    @field_validator("left_out")
    @classmethod
    def _are_checks(cls, left_out: dict[str, str]) -> dict[str, str]:
        for name in left_out:
            if name in NEEDED or name.split(".")[0] in NEEDED:
                raise ValueError(f"{name} cannot be left out: nothing else could be checked")
            if name not in CHECKS and name.split(".")[0] not in OPEN:
                near = get_close_matches(name, CHECKS, 1)
                raise ValueError(f"{name} is no check" + (f": did you mean {near[0]}?" if near else ""))
        return left_out

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        for least, most in (("least_rows", "most_rows"), ("least_opset", "most_opset")):
            if getattr(self, least) > getattr(self, most):
                raise ValueError(f"{least}: at most {most} ({getattr(self, most)}) can be kept")
        return self


class SuiteLimits(CheckLimits):
    """Every limit of the suite, as its job is told them."""

    golden_tolerance: float = Field(default=1e-4, ge=0)


class StagingRequestBody(_Body):
    """`champion` is what serves `endpoint` now, None before the first promotion."""

    candidate: PackageRef
    champion: PackageRef | None = None
    endpoint: EndpointRef
    limits: SuiteLimits = SuiteLimits()


class Rehearsal(_Body):
    """The way back, tried beforehand (N4): `package` was restored in the test deployment and scored its golden rows.

    `distance` is the largest absolute difference from the outputs its package records, `outputs` the digest of what it
    answered (kept as evidence), `restore_s` the seconds from asking for the package to the last golden row.
    """

    package: PackageRef
    rows: int
    distance: float
    outputs: Digest
    restore_s: float


class LeftOut(_Body):
    """A check that the policy leaves out, and why."""

    check: str
    reason: str


class StagingReport(_Body):
    """Any check failed: failed; else any inconclusive: inconclusive; else passed.

    `rows` labelled production rows were compared, from `first_row` to `last_row` (business time, UTC); `profile` is the
    digest of the candidate's reference profile, None when it could not be built; `rehearsal` is how restoring the
    champion went, None when there is none or when it failed.
    """

    verdict: Verdict
    reason: str
    candidate: PackageRef
    champion: PackageRef | None
    endpoint: EndpointRef
    limits: SuiteLimits
    checks: tuple[CheckResult, ...]
    left_out: tuple[LeftOut, ...] = ()
    rows: int
    first_row: datetime | None = None
    last_row: datetime | None = None
    profile: Digest | None = None
    rehearsal: Rehearsal | None = None
