"""Asks Azure ML about the running job, whatever the event said."""

from services.retraining import policy
from shared.events import (
    ActionFailed,
    DeadlineReached,
    Event,
    JobEnded,
    RetrainingCompleted,
    RetrainingDeferred,
    RetrainingFailed,
    RetrainingRefused,
    RetrainingRequested,
    RetrainingStarted,
)
from shared.policies import PolicyDocument
from shared.ports import Jobs, Models
from shared.reactor import JobKnown, Service, is_asked, state_of

service = Service(__package__, lane="measurement", state=policy.Retraining)


async def gather_job(
    event: JobEnded | DeadlineReached, state: policy.Retraining, jobs: Jobs, models: Models, document: PolicyDocument
) -> policy.TrainingKnown:
    if state.watch is None or state.request is None or not is_asked(state.watch, event):
        return policy.TrainingKnown()
    found: JobKnown = await state_of(state.watch.job, jobs)
    if found.state != "completed":
        return policy.TrainingKnown(state=found.state, problem=found.problem)
    development = document.workspace("development", state.request.endpoint.name)
    version = await models.next_version(development, state.request.model_name)
    return policy.TrainingKnown(state="completed", next_version=version)


_ENDS: list[type[Event]] = [RetrainingStarted, RetrainingCompleted, RetrainingFailed, RetrainingRefused]
_STARTS: list[type[Event]] = [RetrainingStarted, RetrainingDeferred, RetrainingRefused]
service.reacts_to(RetrainingRequested, decide=policy.decide_requested, emits=_STARTS)
service.reacts_to(JobEnded, gather=gather_job, decide=policy.decide_job, emits=_ENDS)
service.reacts_to(DeadlineReached, gather=gather_job, decide=policy.decide_job, emits=_ENDS)
service.reacts_to(ActionFailed, decide=policy.decide_not_performed, emits=[RetrainingFailed])
