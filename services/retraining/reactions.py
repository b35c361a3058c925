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
    RetrainingRequested,
    RetrainingStarted,
)
from shared.policies import PolicyDocument
from shared.ports import Jobs, Models
from shared.reactor import Service

service = Service(__package__, lane="measurement", state=policy.Retraining)


async def gather_job(state: policy.Retraining, jobs: Jobs, models: Models, document: PolicyDocument) -> policy.JobKnown:
    if state.status != "running" or state.job is None or state.request is None:
        return policy.JobKnown()
    found = await jobs.state(state.job)
    if found != "completed":
        return policy.JobKnown(job=found)
    development = document.workspace("development", state.request.endpoint.name)
    version = await models.next_version(development, state.request.model_name)
    return policy.JobKnown(job=found, next_version=version)


_ENDS: list[type[Event]] = [RetrainingStarted, RetrainingCompleted, RetrainingFailed]
service.reacts_to(RetrainingRequested, decide=policy.decide_requested, emits=[RetrainingStarted, RetrainingDeferred])
service.reacts_to(JobEnded, gather=gather_job, decide=policy.decide_job, emits=_ENDS)
service.reacts_to(DeadlineReached, gather=gather_job, decide=policy.decide_job, emits=_ENDS)
service.reacts_to(ActionFailed, decide=policy.decide_not_performed, emits=[RetrainingFailed])
