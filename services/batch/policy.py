"""When a file is scored, once for each version of it; when a job that broke off is repeated; how it ends."""

import hashlib
from datetime import datetime, timedelta

from services.batch.limits import BatchLimits
from services.batch.work import Batch, FileKnown, JobKnown, Work
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
    PackageRef,
    canonical,
)
from shared.packages import BatchRequestBody
from shared.policies import JobLimits, PolicyDocument
from shared.ports import CommandJob
from shared.reactor import (
    CancelJob,
    Decision,
    Effect,
    Facts,
    KeepEvidence,
    Known,
    Publish,
    RemindAt,
    SubmitJob,
    job_name,
)

LOOK = "look"
# What the reactor calls a decision that could not even be prepared.
GATHER = "gather"
SUFFIXES = (".parquet", ".csv")
# What Azure ML may take to stop a job by its own time limit, before we call it lost.
_SLACK = timedelta(seconds=60)
_WORTH_REPEATING = ("failed", "not_responding")


def decide_requested(
    state: Batch, facts: Facts[FileKnown], event: BatchRequested, policy: PolicyDocument
) -> Decision[Batch]:
    """The blob as it is now counts: an event about a version that is gone changes nothing if the present is known."""
    known = facts.known
    file = event.file if known.problem else event.file.model_copy(update={"etag": known.etag, "size": known.size})
    if state.etag == file.etag:
        return Decision(state)
    if known.problem and state.status == "running":
        # Of a version that is gone, while another one is on its way: that one goes on.
        return Decision(state, (Publish(event=BatchFailed(file=file, endpoint=event.endpoint, reason=known.problem)),))
    left_behind = _replaced(state)
    limits = policy.section(BatchLimits, event.endpoint)
    problem = _problem(event, known, limits)
    if event.endpoint is None or known.package is None or problem:
        failed = BatchFailed(file=file, endpoint=event.endpoint, reason=problem)
        ended = Batch(status="finished", etag=file.etag, decision=facts.event_id)
        return Decision(ended, (*left_behind, Publish(event=failed)))
    return _start(file, event.endpoint, known.package, facts, limits, policy, left_behind)


def _problem(event: BatchRequested, known: FileKnown, limits: BatchLimits) -> str:
    """Why this file is not scored, "" if it is."""
    if event.endpoint is None or not event.file.name.lower().endswith(SUFFIXES):
        kinds = " or ".join(f"batch-in/<endpoint>/<name>{suffix}" for suffix in SUFFIXES)
        return f"the blob's name: {kinds} is required, found batch-in/{event.file.name[:200]}"
    if known.problem:
        return known.problem
    if not 0 < known.size <= limits.most_bytes:
        return f"the file has {known.size} bytes, 1 to {limits.most_bytes} are allowed"
    if known.package is None:
        return f"endpoint {event.endpoint.name} serves nothing, so there is no model to score with"
    return ""


def _replaced(state: Batch) -> tuple[Effect, ...]:
    if state.status != "running" or state.work is None:
        return ()
    failed = _failed(state.work, "the file was replaced by a newer version of it")
    return (CancelJob(job=state.work.job), Publish(event=failed))


def _failed(work: Work, reason: str) -> BatchFailed:
    return BatchFailed(file=work.file, endpoint=work.endpoint, job=work.job, reason=reason)


def _start(
    file: FileRef, endpoint: EndpointRef, package: PackageRef, facts: Facts[FileKnown], limits: BatchLimits,
    policy: PolicyDocument, before: tuple[Effect, ...],
) -> Decision[Batch]:  # fmt: skip
    job = _job(facts, endpoint)
    request = BatchRequestBody(
        file=file, endpoint=endpoint, package=package, generation=facts.known.generation,
        output=f"{endpoint.name}/{job.name}", chunk_rows=limits.chunk_rows,
    )  # fmt: skip
    body = canonical(request.model_dump(mode="json"))
    work = Work(
        file=file, endpoint=endpoint, package=package, generation=request.generation, output=request.output,
        request=hashlib.sha256(body).hexdigest(), job=job,
    )  # fmt: skip
    return _submit(
        work, facts.event_id, facts.now, policy.job(BatchLimits, endpoint), (*before, KeepEvidence(body=body))
    )


def _job(facts: Facts[FileKnown] | Facts[JobKnown], endpoint: EndpointRef) -> JobRef:
    return JobRef(workspace=endpoint.workspace, name=job_name("batch", facts.event_id))


def _submit(work: Work, decision: str, now: datetime, limits: JobLimits, before: tuple[Effect, ...]) -> Decision[Batch]:
    """The reminder comes first: should the job be refused or forgotten, it still ends the wait."""
    timeout = timedelta(seconds=limits.timeout_s)
    command = CommandJob(
        command=f"python -m function_app.jobs batch --request {work.request}",
        environment=limits.environment,
        compute=limits.compute,
    )
    started = BatchStarted(
        file=work.file, endpoint=work.endpoint, package=work.package, generation=work.generation, job=work.job,
        attempt=work.attempt, output=work.output,
    )  # fmt: skip
    running = Batch(
        status="running", etag=work.file.etag, work=work, give_up_at=now + timeout + _SLACK, decision=decision
    )
    submit = SubmitJob(job=work.job, work=command, experiment="sluice-batch", timeout=timeout)
    return Decision(running, (*before, _look_again(now, limits), submit, Publish(event=started)))


def _look_again(now: datetime, limits: JobLimits) -> RemindAt:
    return RemindAt(about=LOOK, at=now + timedelta(seconds=limits.look_every_s))


def decide_job(
    state: Batch, facts: Facts[JobKnown], event: JobEnded | DeadlineReached, policy: PolicyDocument
) -> Decision[Batch]:
    """Azure ML's word counts, not the event's; the same follows from a reminder alone."""
    work = state.work
    if state.status != "running" or work is None or state.give_up_at is None or facts.known.state == "unasked":
        return Decision(state)
    limits = policy.section(BatchLimits, work.endpoint)
    if facts.known.state == "completed":
        return _finished(state, facts, _verdict(work, facts.known))
    if facts.known.state in _WORTH_REPEATING and work.attempt < limits.attempts:
        again = work.model_copy(update={"job": _job(facts, work.endpoint), "attempt": work.attempt + 1})
        return _submit(again, facts.event_id, facts.now, policy.job(BatchLimits, work.endpoint), ())
    if facts.known.state in (*_WORTH_REPEATING, "canceled"):
        reason = f"the job {work.job.name} ended as {facts.known.state}, attempt {work.attempt} of {limits.attempts}"
        return _finished(state, facts, _failed(work, reason))
    return _wait(state, facts, work, facts.known.problem or facts.known.state, policy)


def _verdict(work: Work, known: JobKnown) -> BatchCompleted | BatchFailed:
    report = known.report
    if report is None or known.evidence is None:
        return _failed(work, known.problem or f"the job {work.job.name} left no report")
    if (report.file, report.package, report.output) != (work.file, work.package, work.output):
        return _failed(work, f"the report of job {work.job.name} is about another file")
    if report.problem:
        return _failed(work, report.problem)
    return BatchCompleted(
        file=work.file, endpoint=work.endpoint, package=work.package, job=work.job, output=work.output,
        rows=report.rows, rejected=report.rejected, rejected_by=report.rejected_by, seconds=report.seconds,
        evidence=known.evidence,
    )  # fmt: skip


def _finished(
    state: Batch, facts: Facts[JobKnown] | Facts[Known], verdict: BatchCompleted | BatchFailed, *after: Effect
) -> Decision[Batch]:
    done = state.model_copy(update={"status": "finished", "decision": facts.event_id})
    return Decision(done, (Publish(event=verdict), *after))


def _wait(
    state: Batch, facts: Facts[JobKnown] | Facts[Known], work: Work, last: str, policy: PolicyDocument
) -> Decision[Batch]:
    if state.give_up_at is not None and facts.now >= state.give_up_at:
        failed = _failed(work, f"the job {work.job.name} did not end in time (last: {last})")
        return _finished(state, facts, failed, CancelJob(job=work.job))
    waiting = state.model_copy(update={"decision": facts.event_id})
    return Decision(waiting, (_look_again(facts.now, policy.job(BatchLimits, work.endpoint)),))


def decide_after_failure(
    state: Batch, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Batch]:
    """A job that could not be started is a file not scored; one that could not be asked after is asked again.

    `mlops.action.failed` has told people already, so what cannot be put right here is not told twice.
    """
    work = state.work
    if state.status != "running" or work is None:
        return Decision(state)
    if event.effect == GATHER:
        return _wait(state, facts, work, event.reason, policy)
    if event.decision != state.decision:
        return Decision(state)
    failed = _failed(work, f"{event.effect}: {event.reason}")
    return _finished(state, facts, failed, CancelJob(job=work.job))
