"""When a file is scored, once for each version of it; when a job that broke off is repeated; how it ends."""

import hashlib
from datetime import datetime

from services.batch.limits import BatchLimits
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
    PackageRef,
    canonical,
)
from shared.packages import BatchReport, BatchRequestBody
from shared.packages.batch import SUFFIXES
from shared.policies import JobLimits, PolicyDocument
from shared.ports import CommandJob
from shared.reactor import (
    GATHER,
    Decision,
    Effect,
    Ended,
    Facts,
    GivenUp,
    JobKnown,
    KeepEvidence,
    Known,
    Publish,
    Waits,
    Watching,
    job_name,
)

WATCHING = Watching(experiment="sluice-batch")


def decide_requested(
    state: Batch, facts: Facts[FileKnown], event: BatchRequested, policy: PolicyDocument
) -> Decision[Batch]:
    """The blob as it is now counts: an event about a version that is gone changes nothing if the present is known."""
    known = facts.known
    file = event.file if known.problem else event.file.model_copy(update={"etag": known.etag, "size": known.size})
    if state.etag == file.etag:
        return Decision(state)
    if known.problem and state.watch:
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
        kinds = f"batch-in/<endpoint>/<name>{SUFFIXES[0]} (or {', '.join(SUFFIXES[1:])})"
        return f"the blob's name: {kinds} is required, found batch-in/{event.file.name[:200]}"
    if known.problem:
        return known.problem
    if not 0 < known.size <= limits.most_bytes:
        return f"the file has {known.size} bytes, 1 to {limits.most_bytes} are allowed"
    if known.package is None:
        return f"endpoint {event.endpoint.name} serves nothing, so there is no model to score with"
    return ""


def _replaced(state: Batch) -> tuple[Effect, ...]:
    if state.watch is None or state.work is None:
        return ()
    failed = _failed(state.work, state.watch.job, "the file was replaced by a newer version of it")
    return (state.watch.cancel, Publish(event=failed))


def _failed(work: Work, job: JobRef, reason: str) -> BatchFailed:
    return BatchFailed(file=work.file, endpoint=work.endpoint, job=job, reason=reason)


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
        request=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip
    before = (*before, KeepEvidence(body=body))
    return _submit(work, job, facts.event_id, facts.now, policy.job(BatchLimits, endpoint), before)


def _job(facts: Facts[FileKnown] | Facts[JobKnown[BatchReport]], endpoint: EndpointRef) -> JobRef:
    return JobRef(workspace=endpoint.workspace, name=job_name("batch", facts.event_id))


def _submit(
    work: Work, job: JobRef, decision: str, now: datetime, limits: JobLimits, before: tuple[Effect, ...]
) -> Decision[Batch]:
    """The reminder comes first: should the job be refused or forgotten, it still ends the wait."""
    command = CommandJob(
        command=f"python -m function_app.jobs batch --request {work.request}",
        environment=limits.environment,
        compute=limits.compute,
    )
    watch, submit, remind = WATCHING.begin(job, command, limits, now)
    started = BatchStarted(
        file=work.file, endpoint=work.endpoint, package=work.package, generation=work.generation, job=job,
        attempt=work.attempt, output=work.output,
    )  # fmt: skip
    running = Batch(status="running", etag=work.file.etag, work=work, watch=watch, decision=decision)
    return Decision(running, (*before, remind, submit, Publish(event=started)))


def decide_job(
    state: Batch, facts: Facts[JobKnown[BatchReport]], event: JobEnded | DeadlineReached, policy: PolicyDocument
) -> Decision[Batch]:
    """Azure ML's word counts, not the event's; the same follows from a reminder alone."""
    work, watch = state.work, state.watch
    if work is None or watch is None or facts.known.state == "unasked":
        return Decision(state)
    jobs = policy.job(BatchLimits, work.endpoint)
    seen = WATCHING.look(watch, facts.known, jobs, facts.now)
    if not isinstance(seen, Ended):
        return _waits_or_given_up(state, work, watch.job, facts.event_id, seen)
    attempts = policy.section(BatchLimits, work.endpoint).attempts
    if seen.broke_off and work.attempt < attempts:
        again = work.model_copy(update={"attempt": work.attempt + 1})
        return _submit(again, _job(facts, work.endpoint), facts.event_id, facts.now, jobs, ())
    return _finished(state, facts.event_id, _verdict(work, watch.job, seen, attempts))


def _verdict(work: Work, job: JobRef, ended: Ended[BatchReport], attempts: int) -> BatchCompleted | BatchFailed:
    report = ended.report
    if report is None or ended.evidence is None:
        tried = f", attempt {work.attempt} of {attempts}" if ended.broke_off else ""
        return _failed(work, job, ended.reason + tried)
    if (report.file, report.package, report.output) != (work.file, work.package, work.output):
        return _failed(work, job, f"the report of job {job.name} is about another file")
    if report.problem:
        return _failed(work, job, report.problem)
    return BatchCompleted(
        file=work.file, endpoint=work.endpoint, package=work.package, job=job, output=work.output,
        rows=report.rows, rejected=report.rejected, rejected_by=report.rejected_by, seconds=report.seconds,
        evidence=ended.evidence,
    )  # fmt: skip


def _finished(state: Batch, decision: str, verdict: BatchCompleted | BatchFailed, *after: Effect) -> Decision[Batch]:
    done = state.model_copy(update={"status": "finished", "watch": None, "decision": decision})
    return Decision(done, (Publish(event=verdict), *after))


def _waits_or_given_up(state: Batch, work: Work, job: JobRef, decision: str, seen: Waits | GivenUp) -> Decision[Batch]:
    if isinstance(seen, GivenUp):
        return _finished(state, decision, _failed(work, job, seen.reason), seen.cancel)
    return Decision(state.model_copy(update={"watch": seen.watch, "decision": decision}), (seen.remind,))


def decide_after_failure(
    state: Batch, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Batch]:
    """A job that could not be started is a file not scored; one that could not be asked after is asked again.

    `mlops.action.failed` has told people already, so what cannot be put right here is not told twice.
    """
    work, watch = state.work, state.watch
    if work is None or watch is None:
        return Decision(state)
    if event.effect == GATHER:
        seen = WATCHING.could_not_look(watch, event.reason, policy.job(BatchLimits, work.endpoint), facts.now)
        return _waits_or_given_up(state, work, watch.job, facts.event_id, seen)
    if event.decision != state.decision:
        return Decision(state)
    failed = _failed(work, watch.job, f"{event.effect}: {event.reason}")
    return _finished(state, facts.event_id, failed, watch.cancel)
