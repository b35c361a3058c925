"""Asks Azure ML about the running job, whatever the event said."""

from services.retraining import policy
from shared.events import (
    ActionFailed,
    DeadlineReached,
    Entity,
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
from shared.reactor import Service, job_of

service = Service("retraining", state=policy.Retraining)


async def gather_job(state: policy.Retraining, jobs: Jobs, models: Models, document: PolicyDocument) -> policy.JobKnown:
    if state.status != "running" or state.job is None or state.request is None:
        return policy.JobKnown()
    found = await jobs.state(state.job)
    if found != "completed":
        return policy.JobKnown(job=found)
    development = document.workspace("development", state.request.endpoint.name)
    version = await models.next_version(development, state.request.model_name)
    return policy.JobKnown(job=found, next_version=version)


def ours(event: DeadlineReached | ActionFailed) -> Entity | None:
    return event.entity if event.service == service.name else None


def tagged(event: JobEnded) -> Entity | None:
    return job_of(service.name, event.tags)


_ENDS: list[type[Event]] = [RetrainingStarted, RetrainingCompleted, RetrainingFailed]
service.reacts_to(RetrainingRequested, decide=policy.decide_requested, emits=[RetrainingStarted, RetrainingDeferred])
service.reacts_to(JobEnded, gather=gather_job, decide=policy.decide_job, entity=tagged, emits=_ENDS)
service.reacts_to(DeadlineReached, gather=gather_job, decide=policy.decide_job, entity=ours, emits=_ENDS)
service.reacts_to(ActionFailed, decide=policy.decide_not_performed, entity=ours, emits=[RetrainingFailed])
