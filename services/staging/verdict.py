"""From an ended job and the report it left to the verdict on a candidate."""

from typing import Literal

from shared.events import (
    Digest,
    EndpointRef,
    JobRef,
    PackageRef,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.events.references import Reference
from shared.events.staging import Verdict
from shared.packages import StagingReport
from shared.reactor import Known, Publish

_EVENTS: dict[Verdict, type[StagingPassed | StagingFailed | StagingInconclusive]] = {
    "passed": StagingPassed,
    "failed": StagingFailed,
    "inconclusive": StagingInconclusive,
}


class Suite(Reference):
    """One run of the suite: who is judged, against whom, for whom, by which job."""

    candidate: PackageRef
    endpoint: EndpointRef
    requested_by: str
    champion: PackageRef | None = None
    job: JobRef


class JobKnown(Known):
    """`state` as Azure ML says now; `report` what the job left, `problem` why there is none that counts."""

    state: Literal["unasked", "absent", "running", "completed", "failed", "canceled", "not_responding"] = "unasked"
    evidence: Digest | None = None
    report: StagingReport | None = None
    problem: str = ""


def verdict_of(suite: Suite, known: JobKnown) -> Publish | None:
    """None while the job may still end. Whatever kept the suite from judging is inconclusive, never failed."""
    if known.state in ("unasked", "absent", "running"):
        return None
    if known.state != "completed":
        return finish(suite, "inconclusive", f"the job {suite.job.name} ended as {known.state}")
    report = known.report
    if report is None:
        return finish(suite, "inconclusive", known.problem or f"the job {suite.job.name} left no report")
    if (report.candidate, report.champion, report.endpoint) != (suite.candidate, suite.champion, suite.endpoint):
        return finish(suite, "inconclusive", f"the report of job {suite.job.name} is about another candidate")
    return finish(suite, report.verdict, report.reason, known.evidence, report)


def finish(
    suite: Suite, verdict: Verdict, reason: str, evidence: Digest | None = None, report: StagingReport | None = None
) -> Publish:
    """The last event of a suite."""
    event = _EVENTS[verdict](
        candidate=suite.candidate,
        endpoint=suite.endpoint,
        requested_by=suite.requested_by,
        champion=suite.champion,
        evidence=evidence,
        profile=report.profile if report else None,
        checks=report.checks if report else (),
        reason=reason,
    )
    return Publish(event=event)
