"""How a job stands, and the report it left: what a service that waits for one looks up before it decides."""

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from shared.events import JobRef
from shared.ports import Evidence, Jobs, JobState, Refused


@dataclass(frozen=True, slots=True)
class JobFound[R: BaseModel]:
    """`problem` says in words why there is no report that counts; "" also while there is none yet."""

    state: JobState
    evidence: str | None = None
    report: R | None = None
    problem: str = ""


async def ask_after[R: BaseModel](job: JobRef, report: type[R], jobs: Jobs, evidence: Evidence) -> JobFound[R]:
    """Azure ML's word on the job, and its report once it has completed. Raises `Unavailable`."""
    try:
        state = await jobs.state(job)
    except Refused as error:
        return JobFound("absent", problem=str(error))
    return await _with_report(job, report, evidence) if state == "completed" else JobFound(state)


async def _with_report[R: BaseModel](job: JobRef, report: type[R], evidence: Evidence) -> JobFound[R]:
    digest = None
    try:
        digest = await evidence.report(job.name)
        if digest is None:
            return JobFound("completed")
        return JobFound("completed", digest, report.model_validate_json(await evidence.read(digest)))
    except Refused as error:
        return JobFound("completed", digest, problem=f"the report cannot be read: {error}")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return JobFound("completed", digest, problem=f"the report is invalid: {place}: {first['msg']}")
