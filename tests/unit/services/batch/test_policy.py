"""A file is scored once for each version of it, and every file that is asked for gets an answer (R042)."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.batch.policy import WATCHING, decide_after_failure, decide_job, decide_requested
from services.batch.work import Batch, FileKnown, Work
from shared.events import (
    ActionFailed,
    BatchCompleted,
    BatchFailed,
    BatchRequested,
    BatchStarted,
    DeadlineReached,
    EndpointRef,
    FileRef,
    JobEnded,
    JobRef,
)
from shared.packages import BatchReport, BatchRequestBody
from shared.ports import CommandJob
from shared.reactor import (
    CancelJob,
    Decision,
    JobKnown,
    KeepEvidence,
    Known,
    Publish,
    RemindAt,
    SubmitJob,
    job_name,
)
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, facts, package_ref, policy_document, workspace

LIMITS = {
    "batch": {
        "compute": "c", "environment": "jobs:4", "chunk_rows": 10, "most_bytes": 1000, "attempts": 2, "timeout_s": 600,
        "look_every_s": 30,
    }
}  # fmt: skip
POLICY = policy_document(**LIMITS)
ENDPOINT = endpoint_ref()
PACKAGE = package_ref()
FILE = FileRef(workspace=workspace("production"), name="flights/May 1.parquet", etag="0x1", size=500)
NEWER = FILE.model_copy(update={"etag": "0x2", "size": 600})
REQUEST = BatchRequested(file=FILE, endpoint=ENDPOINT)
FOUND = FileKnown(etag="0x1", size=500, package=PACKAGE, generation=7)
JOB = JobRef(workspace=workspace("production"), name=job_name("batch", CAUSE))
OUTPUT = f"flights/{JOB.name}"
BODY = BatchRequestBody(
    file=FILE, endpoint=ENDPOINT, package=PACKAGE, generation=7, output=OUTPUT, chunk_rows=10
)  # fmt: skip
ENDED = JobEnded(job=JOB, status="completed")
LOOKED = DeadlineReached(service="batch", about=str(FILE.entity), key=WATCHING.about, at=NOW)
REPORT = BatchReport(
    file=FILE, package=PACKAGE, output=OUTPUT, rows=100, rejected=3, rejected_by={"temp": 3}, seconds=1.5
)  # fmt: skip
AGAIN = "11111111-56b1-4a77-9f0e-0a6b2f6f2d11"


def started(event: BatchRequested = REQUEST, known: FileKnown = FOUND, state: Batch | None = None) -> Decision[Batch]:
    return decide_requested(state or Batch(), facts(known), event, POLICY)


RUNNING = started().state
WORK = RUNNING.work or pytest.fail("nothing was started")
FINISHED = RUNNING.model_copy(update={"status": "finished", "watch": None})


def failures(decision: Decision[Batch]) -> list[BatchFailed]:
    published = [effect.event for effect in decision.effects if isinstance(effect, Publish)]
    return [event for event in published if isinstance(event, BatchFailed)]


def reason(decision: Decision[Batch]) -> str:
    (failed,) = failures(decision)
    return failed.reason


def job_says(known: JobKnown[BatchReport], after: timedelta = timedelta(), state: Batch = RUNNING) -> Decision[Batch]:
    return decide_job(state, facts(known, event_id=AGAIN, after=after), ENDED, POLICY)


def test_a_file_becomes_one_job_that_knows_everything_from_its_request() -> None:
    decision = started()
    keep, remind, submit, publish = decision.effects
    assert isinstance(keep, KeepEvidence)
    assert BatchRequestBody.model_validate_json(keep.body) == BODY
    assert remind == RemindAt(about=WATCHING.about, at=NOW + timedelta(seconds=30))
    assert isinstance(submit, SubmitJob)
    command = f"python -m function_app.jobs batch --request {hashlib.sha256(keep.body).hexdigest()}"
    assert submit.work == CommandJob(command=command, environment="jobs:4", compute="c")
    assert (submit.job, submit.timeout) == (JOB, timedelta(seconds=600))
    assert publish == Publish(
        event=BatchStarted(
            file=FILE, endpoint=ENDPOINT, package=PACKAGE, generation=7, job=JOB, attempt=1, output=OUTPUT
        )
    )
    assert (decision.state.status, decision.state.etag) == ("running", "0x1")


@given(name=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=300))
def test_no_name_of_a_blob_reaches_a_command_or_a_path(name: str) -> None:
    if not name.isprintable():
        return
    hostile = FILE.model_copy(update={"name": f"flights/{name}.csv"})
    decision = started(BatchRequested(file=hostile, endpoint=ENDPOINT))
    submit = next(effect for effect in decision.effects if isinstance(effect, SubmitJob))
    assert isinstance(submit.work, CommandJob)
    head, _, last = submit.work.command.rpartition(" ")
    assert head == "python -m function_app.jobs batch --request"
    assert set(last) <= set("0123456789abcdef")
    assert decision.state.work is not None
    assert decision.state.work.output == OUTPUT


@pytest.mark.parametrize("state", [RUNNING, FINISHED], ids=["running", "finished"])
def test_the_same_version_is_not_scored_twice(state: Batch) -> None:
    assert started(state=state) == Decision(state)


def test_an_event_that_is_late_starts_the_version_that_is_there_and_its_own_event_then_nothing() -> None:
    decision = started(known=FOUND.model_copy(update={"etag": "0x2", "size": 600}))
    assert decision.state.work is not None
    assert decision.state.work.file == NEWER
    later = BatchRequested(file=NEWER, endpoint=ENDPOINT)
    again = started(later, FOUND.model_copy(update={"etag": "0x2", "size": 600}), decision.state)
    assert again == Decision(decision.state)


def test_a_new_version_is_new_work_and_ends_the_work_on_the_old_one() -> None:
    decision = decide_requested(
        RUNNING,
        facts(FOUND.model_copy(update={"etag": "0x2", "size": 600}), event_id=AGAIN),
        BatchRequested(file=NEWER, endpoint=ENDPOINT),
        POLICY,
    )
    assert decision.effects[0] == CancelJob(job=JOB)
    (failed,) = failures(decision)
    assert (failed.file, failed.job) == (FILE, JOB)
    assert "replaced by a newer version" in failed.reason
    assert decision.state.work is not None
    assert decision.state.work.file == NEWER
    assert decision.state.work.output != OUTPUT


def test_a_new_version_after_the_end_is_new_work() -> None:
    decision = started(
        BatchRequested(file=NEWER, endpoint=ENDPOINT), FOUND.model_copy(update={"etag": "0x2"}), FINISHED
    )
    assert decision.state.status == "running"
    assert not failures(decision)


@pytest.mark.parametrize(
    ("name", "endpoint", "known", "words"),
    [
        ("alone.parquet", None, FOUND, "batch-in/<endpoint>/<name>.parquet"),
        ("flights/notes.txt", ENDPOINT, FOUND, "found batch-in/flights/notes.txt"),
        ("flights/a.parquet", ENDPOINT, FileKnown(problem="the file is not there any more"), "not there any more"),
        ("flights/a.parquet", ENDPOINT, FOUND.model_copy(update={"size": 0}), "0 bytes, 1 to 1000"),
        ("flights/a.parquet", ENDPOINT, FOUND.model_copy(update={"size": 1001}), "1001 bytes, 1 to 1000"),
        ("flights/a.parquet", ENDPOINT, FOUND.model_copy(update={"package": None}), "endpoint flights serves nothing"),
    ],
)
def test_what_cannot_be_scored_is_said_with_its_reason(
    name: str, endpoint: EndpointRef | None, known: FileKnown, words: str
) -> None:
    file = FILE.model_copy(update={"name": name})
    decision = started(BatchRequested(file=file, endpoint=endpoint), known)
    assert words in reason(decision)
    assert decision.state.status == "finished"
    assert len(decision.effects) == 1
    assert started(BatchRequested(file=file, endpoint=endpoint), known, decision.state) == Decision(decision.state)


def test_an_event_about_a_file_that_is_gone_leaves_the_work_on_another_version_alone() -> None:
    gone = FileKnown(problem="the file is not there any more")
    decision = started(BatchRequested(file=NEWER, endpoint=ENDPOINT), gone, RUNNING)
    assert decision.state == RUNNING
    assert reason(decision) == "the file is not there any more"


def test_a_job_that_reported_completes_the_file() -> None:
    decision = job_says(JobKnown(state="completed", evidence=digest("e"), report=REPORT))
    completed = BatchCompleted(
        file=FILE, endpoint=ENDPOINT, package=PACKAGE, job=JOB, output=OUTPUT, rows=100, rejected=3,
        rejected_by={"temp": 3}, seconds=1.5, evidence=digest("e"),
    )  # fmt: skip
    assert decision.effects == (Publish(event=completed),)
    assert decision.state.status == "finished"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (JobKnown(state="completed"), "left no report"),
        (JobKnown(state="completed", problem="the report is invalid: rows"), "the report is invalid: rows"),
        (JobKnown(state="completed", evidence=digest(), report=REPORT.model_copy(update={"file": NEWER})), "another"),
        (JobKnown(state="completed", evidence=digest(), report=REPORT.model_copy(update={"problem": "no"})), "no"),
        (JobKnown(state="canceled"), "ended as canceled"),
    ],
)
def test_a_job_without_a_good_report_is_a_file_that_failed(known: JobKnown[BatchReport], words: str) -> None:
    decision = job_says(known)
    assert words in reason(decision)
    assert decision.state.status == "finished"


@pytest.mark.parametrize("ended", ["failed", "not_responding"])
def test_a_job_that_broke_off_is_repeated_where_it_stopped_and_not_for_ever(ended: Any) -> None:
    decision = job_says(JobKnown(state=ended))
    remind, submit, publish = decision.effects
    assert isinstance(remind, RemindAt)
    assert isinstance(submit, SubmitJob)
    assert submit.job.name == job_name("batch", AGAIN) != JOB.name
    assert isinstance(submit.work, CommandJob)
    assert submit.work.command.endswith(WORK.request)
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, BatchStarted)
    assert (publish.event.attempt, publish.event.output) == (2, OUTPUT)
    assert "attempt 2 of 2" in reason(job_says(JobKnown(state=ended), state=decision.state))


@pytest.mark.parametrize("known", [JobKnown(state="running"), JobKnown(state="absent", problem="no such workspace")])
def test_a_job_that_may_still_end_is_looked_after_until_it_is_given_up(known: JobKnown[BatchReport]) -> None:
    decision = decide_job(RUNNING, facts(known), LOOKED, POLICY)
    assert decision.effects == (RemindAt(about=WATCHING.about, at=NOW + timedelta(seconds=30)),)
    assert decision.state.status == "running"
    late = decide_job(RUNNING, facts(known, after=timedelta(seconds=661)), LOOKED, POLICY)
    assert "did not end in time" in reason(late)
    assert late.effects[-1] == CancelJob(job=JOB)


@pytest.mark.parametrize("state", [Batch(), RUNNING, FINISHED], ids=["new", "running", "finished"])
@pytest.mark.parametrize("event", [ENDED, LOOKED], ids=["job ended", "reminder"])
def test_nothing_follows_from_what_nobody_asked_after(state: Batch, event: JobEnded | DeadlineReached) -> None:
    assert decide_job(state, facts(JobKnown()), event, POLICY) == Decision(state)


@pytest.mark.parametrize("state", [Batch(), FINISHED], ids=["new", "finished"])
@pytest.mark.parametrize("event", [ENDED, LOOKED], ids=["job ended", "reminder"])
def test_an_end_that_nobody_waits_for_changes_nothing(state: Batch, event: JobEnded | DeadlineReached) -> None:
    assert decide_job(state, facts(JobKnown(state="completed")), event, POLICY) == Decision(state)


def action_failed(effect: str, decision: str = CAUSE) -> ActionFailed:
    return ActionFailed(service="batch", about=str(FILE.entity), effect=effect, decision=decision, reason="no")


@pytest.mark.parametrize("effect", ["submit_job", "keep_evidence", "remind_at", "publish"])
def test_what_could_not_be_started_is_a_file_that_failed(effect: str) -> None:
    decision = decide_after_failure(RUNNING, facts(Known()), action_failed(effect), POLICY)
    assert reason(decision) == f"{effect}: no"
    assert decision.effects[-1] == CancelJob(job=JOB)
    assert decision.state.status == "finished"


def test_where_azure_ml_cannot_be_asked_it_is_asked_again_until_it_is_given_up() -> None:
    decision = decide_after_failure(RUNNING, facts(Known()), action_failed("gather", "x"), POLICY)
    assert decision.effects == (RemindAt(about=WATCHING.about, at=NOW + timedelta(seconds=30)),)
    late = decide_after_failure(RUNNING, facts(Known(), after=timedelta(hours=1)), action_failed("gather", "x"), POLICY)
    assert "did not end in time (last: no)" in reason(late)


@pytest.mark.parametrize("effect", ["gather", "submit_job", "publish"])
@pytest.mark.parametrize("state", [Batch(), FINISHED], ids=["new", "finished"])
def test_a_failure_of_what_is_over_changes_nothing(effect: str, state: Batch) -> None:
    assert decide_after_failure(state, facts(Known()), action_failed(effect), POLICY) == Decision(state)


def test_a_failure_of_an_earlier_decision_is_history() -> None:
    assert decide_after_failure(RUNNING, facts(Known()), action_failed("publish", "earlier"), POLICY) == Decision(
        RUNNING
    )


def test_names_that_differ_in_case_only_are_different_files() -> None:
    other = FILE.model_copy(update={"name": FILE.name.upper()})
    assert other.entity != FILE.entity
    assert isinstance(WORK, Work)
