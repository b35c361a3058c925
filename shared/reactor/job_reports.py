"""How a job stands, and the report it left: what a service that waits for one looks up before it decides."""

from pydantic import BaseModel, ValidationError

from shared.events import JobRef
from shared.ports import Evidence, Jobs, Refused
from shared.reactor.job_watch import BROKE_OFF, JobKnown


async def state_of[R: BaseModel](job: JobRef, jobs: Jobs) -> JobKnown[R]:
    """Azure ML's word on the job alone, and what it says of a bad end. Raises `Unavailable`."""
    try:
        state = await jobs.state(job)
        return JobKnown(state=state, problem=await jobs.last_words(job) if state in BROKE_OFF else "")
    except Refused as error:
        return JobKnown(state="absent", problem=str(error))


async def ask_after[R: BaseModel](job: JobRef, report: type[R], jobs: Jobs, evidence: Evidence) -> JobKnown[R]:
    """Azure ML's word on the job, and its report once it has completed. Raises `Unavailable`."""
    known: JobKnown[R] = await state_of(job, jobs)
    return await _with_report(job, report, evidence) if known.state == "completed" else known


async def _with_report[R: BaseModel](job: JobRef, report: type[R], evidence: Evidence) -> JobKnown[R]:
    digest = None
    try:
        digest = await evidence.report(job.name)
        if digest is None:
            return JobKnown(state="completed")
        read = report.model_validate_json(await evidence.read(digest))
        return JobKnown(state="completed", evidence=digest, report=read)
    except Refused as error:
        problem = f"the report cannot be read: {error}"
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = f"the report is invalid: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return JobKnown(state="completed", evidence=digest, problem=problem)
