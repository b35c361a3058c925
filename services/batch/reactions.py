"""What batch reacts to, and what it looks up first."""

from services.batch.policy import decide_after_failure, decide_job, decide_requested
from services.batch.work import Batch, FileKnown
from shared.events import (
    ActionFailed,
    BatchCompleted,
    BatchFailed,
    BatchRequested,
    BatchStarted,
    DeadlineReached,
    Event,
    JobEnded,
)
from shared.packages import BatchReport
from shared.ports import Absent, BatchFiles, Evidence, Jobs, Refused, ServingManifests
from shared.reactor import JobKnown, Service, ask_after, is_asked

NAME = "batch"
_ENDS: tuple[type[Event], ...] = (BatchStarted, BatchCompleted, BatchFailed)

service = Service(__package__, lane="lifecycle", state=Batch)


async def gather_file(event: BatchRequested, files: BatchFiles, manifests: ServingManifests) -> FileKnown:
    """The blob and the serving package as they are now; nothing is asked about a name that tells no endpoint."""
    if event.endpoint is None:
        return FileKnown(etag=event.file.etag, size=event.file.size)
    try:
        found = await files.look(event.file.name)
    except Absent:
        return FileKnown(problem="the file is not there any more")
    except Refused as error:
        return FileKnown(problem=str(error))
    manifest = await manifests.read(event.endpoint)
    return FileKnown(etag=found.etag, size=found.size, package=manifest.current, generation=manifest.generation)


async def gather_job(
    event: JobEnded | DeadlineReached, state: Batch, jobs: Jobs, evidence: Evidence
) -> JobKnown[BatchReport]:
    """Ask Azure ML about the job we wait for, and read the report it left; nothing when we wait for none."""
    if state.watch is None or not is_asked(state.watch, event):
        return JobKnown()
    return await ask_after(state.watch.job, BatchReport, jobs, evidence)


service.reacts_to(BatchRequested, gather=gather_file, decide=decide_requested, emits=(BatchStarted, BatchFailed))
service.reacts_to(JobEnded, gather=gather_job, decide=decide_job, emits=_ENDS)
service.reacts_to(DeadlineReached, gather=gather_job, decide=decide_job, emits=_ENDS)
service.reacts_to(ActionFailed, decide=decide_after_failure, emits=(BatchFailed,))
