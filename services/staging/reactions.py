"""What staging reacts to, and what it looks up first."""

from services.staging.policy import (
    ChampionKnown,
    Staging,
    decide_after_failure,
    decide_after_supersession,
    decide_job,
    decide_start,
)
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
from shared.reactor import JobKnown, Service, ask_after, is_asked

NAME = "staging"
_VERDICTS: tuple[type[Event], ...] = (StagingPassed, StagingFailed, StagingInconclusive)

service = Service(__package__, lane="lifecycle", state=Staging)


async def gather_champion(event: StagingRequested, state: Staging, manifests: ServingManifests) -> ChampionKnown:
    manifest = await manifests.read(event.endpoint)
    return ChampionKnown(champion=manifest.current)


async def gather_job(
    event: JobEnded | DeadlineReached, state: Staging, jobs: Jobs, evidence: Evidence
) -> JobKnown[StagingReport]:
    """Ask Azure ML about the job we wait for, and read the report it left; nothing when we wait for none."""
    if state.watch is None or not is_asked(state.watch, event):
        return JobKnown()
    return await ask_after(state.watch.job, StagingReport, jobs, evidence)


service.reacts_to(StagingRequested, gather=gather_champion, decide=decide_start, emits=(StagingStarted,))
service.reacts_to(JobEnded, gather=gather_job, decide=decide_job, emits=_VERDICTS)
service.reacts_to(DeadlineReached, gather=gather_job, decide=decide_job, emits=_VERDICTS)
service.reacts_to(ActionFailed, decide=decide_after_failure, emits=(StagingInconclusive,))
service.reacts_to(ActionSuperseded, decide=decide_after_supersession)
