"""The staging suite (boxes 5 and 6, R033-R040, E2, E3)."""

from typing import ClassVar, Literal

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Part, Words
from shared.events.phrases import asked_by, known
from shared.events.references import Digest, EndpointRef, JobRef, PackageRef

type Verdict = Literal["passed", "failed", "inconclusive"]
type Bound = Literal["at most", "at least"]


class CheckResult(Part):
    """One check with its number and its limit; `detail` says in words what was compared.

    `bound`: `measured` may be `limit` at most, or must be so at least; None for a check without a limit, and in reports
    of an earlier build. `measured` is known up to `margin` either way (95 %), where it is an estimate.
    """

    name: str
    verdict: Verdict
    measured: float | None = None
    limit: float | None = None
    bound: Bound | None = None
    margin: float | None = None
    unit: str = ""
    detail: Words = ""


class _OfCandidate(Event):
    candidate: PackageRef
    endpoint: EndpointRef
    requested_by: str

    @property
    def entity(self) -> Entity:
        return self.candidate.model.entity


class StagingRequested(_OfCandidate):
    type: ClassVar[str] = "mlops.staging.requested"
    scenario: Literal["classical", "cv", "nlp"] = "classical"

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), self.scenario, asked_by(self.requested_by))


class StagingStarted(_OfCandidate):
    type: ClassVar[str] = "mlops.staging.started"
    job: JobRef
    champion: PackageRef | None = None

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), f"job {known(self.job.name)}")


class _Finished(_OfCandidate):
    """`evidence` is the digest of the whole report, `profile` that of the candidate's reference profile."""

    champion: PackageRef | None = None
    evidence: Digest | None = None
    profile: Digest | None = None
    checks: tuple[CheckResult, ...] = ()
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), self.reason)


class StagingPassed(_Finished):
    type: ClassVar[str] = "mlops.staging.passed"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.candidate.model} passed staging",
            f"{len(self.checks)} checks passed. {sentence(self.reason)}".strip(),
        )


class StagingFailed(_Finished):
    type: ClassVar[str] = "mlops.staging.failed"

    def notice(self) -> Announcement:
        failed = [f"{check.name}: {check.detail}" for check in self.checks if check.verdict == "failed"]
        return Announcement(
            f"{self.candidate.model} failed staging",
            sentence("; ".join(failed) or self.reason),
            severity="warning",
            audience=("data-scientist",),
        )


class StagingInconclusive(_Finished):
    """Too little was known to pass or to fail the candidate: a person decides."""

    type: ClassVar[str] = "mlops.staging.inconclusive"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.candidate.model}: staging is inconclusive",
            sentence(self.reason),
            severity="warning",
            audience=("data-scientist",),
        )
