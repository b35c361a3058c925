"""From the report that a job left to the verdict on a candidate."""

from shared.events import (
    Digest,
    EndpointRef,
    PackageRef,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.events.references import Reference
from shared.events.staging import Verdict
from shared.packages import StagingReport
from shared.reactor import Ended, Publish

_EVENTS: dict[Verdict, type[StagingPassed | StagingFailed | StagingInconclusive]] = {
    "passed": StagingPassed,
    "failed": StagingFailed,
    "inconclusive": StagingInconclusive,
}


class Suite(Reference):
    """One run of the suite: who is judged, against whom, for whom."""

    candidate: PackageRef
    endpoint: EndpointRef
    requested_by: str
    champion: PackageRef | None = None


def verdict_of(suite: Suite, job: str, ended: Ended[StagingReport]) -> Publish:
    """Whatever kept the suite from judging is inconclusive, never failed."""
    report = ended.report
    if report is None:
        return finish(suite, "inconclusive", ended.reason)
    if (report.candidate, report.champion, report.endpoint) != (suite.candidate, suite.champion, suite.endpoint):
        return finish(suite, "inconclusive", f"the report of job {job} is about another candidate")
    return finish(suite, report.verdict, report.reason, ended.evidence, report)


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
