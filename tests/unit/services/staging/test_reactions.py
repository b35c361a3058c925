"""What staging finds out before it decides, over ports in memory."""

from typing import Any

import pytest

from services.staging.policy import ChampionKnown, Staging, decide_job, decide_start
from services.staging.reactions import gather_champion, gather_job, service
from shared.adapters.memory import MemoryEvidence, MemoryJobs, MemoryServingManifests
from shared.events import ActionFailed, DeadlineReached, JobEnded, StagingRequested
from shared.packages import StagingReport, SuiteLimits
from shared.ports import JobRequest, Manifest, Route
from shared.reactor import CancelJob, JobKnown, Occasion, SubmitJob
from tests.support.builders import (
    NOW,
    digest,
    endpoint_ref,
    envelope,
    facts,
    job_ref,
    package_ref,
    policy_document,
)

POLICY = policy_document()
WORKSPACES = list(POLICY.workspace_ids)
REQUEST = StagingRequested(candidate=package_ref(), endpoint=endpoint_ref(), requested_by="dana@example.com")
STARTED = decide_start(Staging(), facts(ChampionKnown()), REQUEST, POLICY)
LOOK = DeadlineReached(service="staging", about=str(package_ref().model.entity), key="look", at=NOW)


def job() -> Any:
    assert STARTED.state.watch is not None
    return STARTED.state.watch.job


def report() -> bytes:
    found = StagingReport(
        verdict="passed",
        reason="all checks passed",
        candidate=package_ref(),
        champion=None,
        endpoint=endpoint_ref(),
        limits=SuiteLimits(),
        checks=(),
        rows=900,
        profile=digest("f"),
    )
    return found.model_dump_json().encode()


@pytest.fixture
async def jobs() -> MemoryJobs:
    """The job as it was submitted, running."""
    found = MemoryJobs(WORKSPACES)
    submit = next(effect for effect in STARTED.effects if isinstance(effect, SubmitJob))
    cause = envelope(REQUEST)
    await submit.perform(Occasion("staging", REQUEST.entity, cause, NOW, 1), found)
    return found


async def test_the_champion_is_what_serves_the_endpoint() -> None:
    manifests = MemoryServingManifests()
    assert await gather_champion(REQUEST, Staging(), manifests) == ChampionKnown()
    await manifests.swap(
        Manifest(endpoint=endpoint_ref(), generation=1, routes=(Route(package=package_ref("0", "c")),))
    )
    assert await gather_champion(REQUEST, Staging(), manifests) == ChampionKnown(champion=package_ref("0", "c"))


async def test_the_submitted_job_says_who_waits_for_it(jobs: MemoryJobs) -> None:
    request: JobRequest = jobs.submitted[job()]
    concern = service.reactions[JobEnded].entity
    ended = JobEnded(job=job(), status="completed", tags=dict(request.tags))
    assert concern(ended) == REQUEST.entity


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"sluice-service": "retraining"},
        {"sluice-service": "staging"},
        {"sluice-service": "staging", "sluice-entity": "x"},
    ],
)
def test_jobs_of_others_do_not_concern_it(tags: dict[str, str]) -> None:
    assert service.reactions[JobEnded].entity(JobEnded(job=job_ref(), status="failed", tags=tags)) is None


def test_deadlines_and_failures_of_others_do_not_concern_it() -> None:
    theirs = LOOK.model_copy(update={"service": "promotion"})
    assert service.reactions[DeadlineReached].entity(theirs) is None
    assert service.reactions[DeadlineReached].entity(LOOK) == REQUEST.entity
    failed = ActionFailed(service="promotion", about=LOOK.about, decision="d", effect="publish", reason="no")
    assert service.reactions[ActionFailed].entity(failed) is None


async def test_a_running_job_has_no_report_yet(jobs: MemoryJobs) -> None:
    assert await gather_job(LOOK, STARTED.state, jobs, MemoryEvidence()) == JobKnown(state="running")


async def test_the_report_of_a_completed_job_is_read_by_its_digest(jobs: MemoryJobs) -> None:
    evidence = MemoryEvidence()
    evidence.reports[job().name] = await evidence.keep(report())
    jobs.end(job(), "completed")
    known = await gather_job(JobEnded(job=job(), status="completed"), STARTED.state, jobs, evidence)
    assert known.state == "completed"
    assert known.evidence == evidence.reports[job().name]
    assert known.report is not None
    assert known.report.verdict == "passed"


async def test_what_the_event_says_of_the_status_is_a_hint_only(jobs: MemoryJobs) -> None:
    known = await gather_job(JobEnded(job=job(), status="completed"), STARTED.state, jobs, MemoryEvidence())
    assert known.state == "running"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"verdict": "splendid"}', b"\xff"])
async def test_an_invalid_report_is_a_problem_that_is_named(jobs: MemoryJobs, body: bytes) -> None:
    evidence = MemoryEvidence()
    evidence.reports[job().name] = await evidence.keep(body)
    jobs.end(job(), "completed")
    known = await gather_job(LOOK, STARTED.state, jobs, evidence)
    assert known.report is None
    assert known.problem.startswith("the report is invalid: ")


async def test_missing_absent_and_altered_reports_are_told_apart(jobs: MemoryJobs) -> None:
    evidence = MemoryEvidence()
    jobs.end(job(), "completed")
    assert await gather_job(LOOK, STARTED.state, jobs, evidence) == JobKnown(state="completed")
    evidence.reports[job().name] = digest("0")
    assert "does not exist" in (await gather_job(LOOK, STARTED.state, jobs, evidence)).problem
    evidence.bodies[digest("0")] = report()
    assert "was altered" in (await gather_job(LOOK, STARTED.state, jobs, evidence)).problem


async def test_a_workspace_that_is_not_ours_any_more_leaves_it_waiting_not_stuck() -> None:
    known = await gather_job(LOOK, STARTED.state, MemoryJobs([]), MemoryEvidence())
    assert known.state == "absent"
    assert "not one of ours" in known.problem


async def test_nothing_is_asked_when_nothing_runs(jobs: MemoryJobs) -> None:
    assert await gather_job(LOOK, Staging(), jobs, MemoryEvidence()) == JobKnown()
    other = JobEnded(job=job_ref("other"), status="failed")
    assert await gather_job(other, STARTED.state, jobs, MemoryEvidence()) == JobKnown()


async def test_cancelling_is_repeatable_and_a_job_that_never_was_is_no_error(jobs: MemoryJobs) -> None:
    for _ in range(2):
        await CancelJob(job=job()).perform(jobs)
    assert await jobs.state(job()) == "canceled"
    await CancelJob(job=job_ref("never")).perform(jobs)


async def test_a_crashed_suite_is_told_with_its_last_line_and_where_its_log_is(jobs: MemoryJobs) -> None:
    said = "TypeError: unsupported operand; its log is user_logs/std_log.txt of job"
    jobs.end(job(), "failed", said)
    known = await gather_job(LOOK, STARTED.state, jobs, MemoryEvidence())
    decided = decide_job(STARTED.state, facts(known), LOOK, POLICY)
    event = decided.effects[0].event  # type: ignore[attr-defined]
    assert event.reason == f"the job {job().name} ended as failed: {said}"
    assert said in event.notice().text
