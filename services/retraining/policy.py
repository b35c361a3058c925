"""One retraining at a time, not too often, and an end to every one."""

from datetime import datetime, timedelta
from typing import Literal

from services.retraining.effects import RegisterOutput
from services.retraining.limits import RetrainingLimits
from shared.events import (
    ActionFailed,
    DeadlineReached,
    JobEnded,
    JobRef,
    ModelRef,
    RetrainingCompleted,
    RetrainingDeferred,
    RetrainingFailed,
    RetrainingRequested,
    RetrainingStarted,
)
from shared.policies import PolicyDocument
from shared.ports import JobState, PipelineJob
from shared.reactor import Decision, Effect, Facts, Known, Publish, RemindAt, State, SubmitJob, job_name

LOOK, RETRY = "look", "retry"
# What the reactor calls a decision that could not even be prepared.
GATHER = "gather"


class Retraining(State):
    """`request` is what runs now, or what waits for the cool-down to end; `decision` is what last led to effects."""

    status: Literal["idle", "deferred", "running"] = "idle"
    request: RetrainingRequested | None = None
    job: JobRef | None = None
    started_at: datetime | None = None
    decision: str = ""


class JobKnown(Known):
    """`job` is what Azure ML says of the running job, `next_version` what its model would be called."""

    job: JobState = "absent"
    next_version: str = "1"


def decide_requested(
    state: Retraining, facts: Facts[Known], event: RetrainingRequested, policy: PolicyDocument
) -> Decision[Retraining]:
    if state.status == "running":
        return Decision(state, [Publish(event=_deferred(event, "a retraining of this model is running"))])
    limits = policy.section(RetrainingLimits, event.endpoint)
    rested = state.started_at + timedelta(seconds=limits.cool_down_s) if state.started_at else facts.now
    if rested > facts.now:
        waiting = state.model_copy(update={"status": "deferred", "request": event})
        deferred = _deferred(event, f"cool-down of {limits.cool_down_s:g} s since the last one", rested)
        return Decision(waiting, [Publish(event=deferred), RemindAt(about=RETRY, at=rested)])
    return _start(facts, event, policy)


def _deferred(event: RetrainingRequested, reason: str, until: datetime | None = None) -> RetrainingDeferred:
    return RetrainingDeferred(endpoint=event.endpoint, model_name=event.model_name, reason=reason, until=until)


def _start(
    facts: Facts[Known] | Facts[JobKnown], event: RetrainingRequested, policy: PolicyDocument
) -> Decision[Retraining]:
    limits, jobs = policy.section(RetrainingLimits, event.endpoint), policy.job(RetrainingLimits, event.endpoint)
    development = policy.workspace("development", event.endpoint.name)
    job = JobRef(workspace=development, name=job_name("retraining", facts.event_id))
    data_from = event.data_until - timedelta(seconds=limits.lookback_s)
    inputs = {**limits.inputs, "data_from": f"{data_from:%Y-%m-%d}", "data_until": f"{event.data_until:%Y-%m-%d}"}
    work = PipelineJob(component=limits.component, compute=jobs.compute, inputs=inputs, output=limits.output)
    started = RetrainingStarted(endpoint=event.endpoint, model_name=event.model_name, job=job)
    effects: list[Effect] = [
        SubmitJob(job=job, work=work, experiment="retraining", timeout=timedelta(seconds=jobs.timeout_s)),
        Publish(event=started),
        RemindAt(about=LOOK, at=facts.now + timedelta(seconds=jobs.look_every_s)),
    ]
    running = Retraining(status="running", request=event, job=job, started_at=facts.now, decision=facts.event_id)
    return Decision(running, effects)


def decide_job(
    state: Retraining, facts: Facts[JobKnown], event: JobEnded | DeadlineReached, policy: PolicyDocument
) -> Decision[Retraining]:
    """Azure ML's word counts, not the event's: either may come alone, late, or twice."""
    if state.request is None:
        return Decision(state)
    jobs = policy.job(RetrainingLimits, state.request.endpoint)
    if state.status == "deferred":
        return _start(facts, state.request, policy) if _is(event, RETRY) else Decision(state)
    if state.status != "running" or state.job is None or state.started_at is None:
        return Decision(state)
    if facts.known.job == "completed":
        return _register(state, state.request, state.job, facts, policy)
    if facts.known.job != "running":
        return _failed(state, f"the job ended as {facts.known.job}")
    if facts.now - state.started_at > timedelta(seconds=jobs.timeout_s):
        return _failed(state, f"the job did not end within {jobs.timeout_s:g} s")
    look = RemindAt(about=LOOK, at=facts.now + timedelta(seconds=jobs.look_every_s))
    return Decision(state, [look] if _is(event, LOOK) else [])


def _is(event: JobEnded | DeadlineReached, key: str) -> bool:
    return isinstance(event, DeadlineReached) and event.key == key


def _register(
    state: Retraining, request: RetrainingRequested, job: JobRef, facts: Facts[JobKnown],
    policy: PolicyDocument,
) -> Decision[Retraining]:  # fmt: skip
    development = policy.workspace("development", request.endpoint.name)
    output = policy.section(RetrainingLimits, request.endpoint).output
    model = ModelRef(workspace=development, name=request.model_name, version=facts.known.next_version)
    tags = {"sluice-requester": "sluice-retraining"}
    completed = RetrainingCompleted(endpoint=request.endpoint, model_name=request.model_name, job=job, model=model)
    register = RegisterOutput(job=job, output=output, model=model, tags=tags)
    after = _idle(state).model_copy(update={"decision": facts.event_id})
    return Decision(after, [register, Publish(event=completed)])


def _idle(state: Retraining) -> Retraining:
    """`request` and `job` stay, so that a failure of the registration can still be named."""
    return state.model_copy(update={"status": "idle"})


def _failed(state: Retraining, reason: str) -> Decision[Retraining]:
    if state.request is None or state.job is None:
        return Decision(_idle(state))
    failed = RetrainingFailed(
        endpoint=state.request.endpoint, model_name=state.request.model_name, job=state.job, reason=reason
    )
    return Decision(_idle(state), [Publish(event=failed)])


def decide_not_performed(
    state: Retraining, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Retraining]:
    """A submission or a registration that was refused ends this retraining; the next request may start another.

    When Azure ML could not even be asked, it is asked again; what failed of an earlier retraining is history.
    """
    if event.effect == GATHER and state.status == "running" and state.request is not None:
        jobs = policy.job(RetrainingLimits, state.request.endpoint)
        return Decision(state, [RemindAt(about=LOOK, at=facts.now + timedelta(seconds=jobs.look_every_s))])
    return _failed(state, f"{event.effect}: {event.reason}") if event.decision == state.decision else Decision(state)
