"""What staging reacts to, and what it looks up first."""

from services.staging.policy import (
    ChampionKnown,
    Staging,
    decide_after_failure,
    decide_after_job_end,
    decide_after_supersession,
    decide_at_look,
    decide_start,
)
from services.staging.verdict import JobKnown
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    DeadlineReached,
    Event,
    JobEnded,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
    StagingRequested,
    StagingStarted,
)
from shared.packages import StagingReport
from shared.ports import Evidence, Jobs, ServingManifests
from shared.reactor import Service, ask_after

NAME = "staging"
_VERDICTS: tuple[type[Event], ...] = (StagingPassed, StagingFailed, StagingInconclusive)

service = Service(__package__, lane="lifecycle", state=Staging)


async def gather_champion(event: StagingRequested, state: Staging, manifests: ServingManifests) -> ChampionKnown:
    manifest = await manifests.read(event.endpoint)
    return ChampionKnown(champion=manifest.current)


async def gather_job(event: JobEnded | DeadlineReached, state: Staging, jobs: Jobs, evidence: Evidence) -> JobKnown:
    """Ask Azure ML about the job we wait for, and read the report it left; nothing when we wait for none."""
    if state.status != "running" or state.suite is None:
        return JobKnown()
    job = state.suite.job
    if isinstance(event, JobEnded) and event.job != job:
        return JobKnown()
    found = await ask_after(job, StagingReport, jobs, evidence)
    return JobKnown(state=found.state, evidence=found.evidence, report=found.report, problem=found.problem)


service.reacts_to(StagingRequested, gather=gather_champion, decide=decide_start, emits=(StagingStarted,))
service.reacts_to(JobEnded, gather=gather_job, decide=decide_after_job_end, emits=_VERDICTS)
service.reacts_to(DeadlineReached, gather=gather_job, decide=decide_at_look, emits=_VERDICTS)
service.reacts_to(ActionFailed, decide=decide_after_failure, emits=(StagingInconclusive,))
service.reacts_to(ActionSuperseded, decide=decide_after_supersession)
