"""What the staging job is asked and what it answers: both are evidence, known by their digests."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.references import Digest, EndpointRef, PackageRef
from shared.events.staging import CheckResult, Verdict
from shared.packages.graph import NEWEST_OPSET, OLDEST_OPSET


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
    run_seconds: int = Field(default=60, ge=1, description="bounds each process that runs the candidate")
    run_megabytes: int = Field(default=4096, ge=256, description="bounds each process that runs the candidate")

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
    rows: int
    first_row: datetime | None = None
    last_row: datetime | None = None
    profile: Digest | None = None
    rehearsal: Rehearsal | None = None
