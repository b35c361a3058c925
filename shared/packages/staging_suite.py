"""What the staging job is asked and what it answers: both are evidence, known by their digests."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from shared.events.references import Digest, EndpointRef, PackageRef
from shared.events.staging import CheckResult, Verdict


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StagingLimits(_Body):
    """Every limit of the suite. Rates and differences are shares of rows (0 to 1).

    `least_rows` are needed to compare at all, `most_rows` (the newest) are used; `worse_log_loss` and `worse_roc_auc`
    say how much worse than the champion the candidate may be, `below_own_roc_auc` how far below its own test figure on
    production rows; `run_seconds` and `run_megabytes` bound each process that runs the candidate.
    """

    least_rows: int = Field(default=500, ge=1)
    most_rows: int = Field(default=50_000, ge=1)
    least_roc_auc: float = Field(default=0.55, ge=0, le=1)
    worse_log_loss: float = Field(default=0.01, ge=0)
    worse_roc_auc: float = Field(default=0.02, ge=0)
    below_own_roc_auc: float = Field(default=0.1, ge=0)
    null_rate_rise: float = Field(default=0.1, ge=0, le=1)
    out_of_range_rate: float = Field(default=0.25, ge=0, le=1)
    unseen_category_rate: float = Field(default=0.02, ge=0, le=1)
    least_opset: int = 13
    most_opset: int = 23
    golden_tolerance: float = Field(default=1e-4, ge=0)
    smoke_requests: int = Field(default=200, ge=20)
    latency_p95_ms: float = Field(default=100.0, gt=0)
    least_group_rows: int = Field(default=200, ge=1)
    decision_threshold: float = Field(default=0.5, gt=0, lt=1)
    selection_rate_difference: float = Field(default=0.25, ge=0, le=1)
    false_negative_rate_difference: float = Field(default=0.25, ge=0, le=1)
    run_seconds: int = Field(default=60, ge=1)
    run_megabytes: int = Field(default=4096, ge=256)


class StagingRequestBody(_Body):
    """`champion` is what serves `endpoint` now, None before the first promotion."""

    candidate: PackageRef
    champion: PackageRef | None = None
    endpoint: EndpointRef
    limits: StagingLimits = StagingLimits()


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
    limits: StagingLimits
    checks: tuple[CheckResult, ...]
    rows: int
    first_row: datetime | None = None
    last_row: datetime | None = None
    profile: Digest | None = None
    rehearsal: Rehearsal | None = None
