"""One retraining at a time, not too often, and an end to every one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

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
    RetrainingRefused,
    RetrainingRequested,
    RetrainingStarted,
)
from shared.policies import BECAUSE_OF_THE_SCENARIO, NEVER_BY_ITSELF, PolicyDocument, Scope
from shared.ports import PipelineJob
from shared.reactor import (
    GATHER,
    Decision,
    Effect,
    Ended,
    Facts,
    GivenUp,
    JobKnown,
    JobWatch,
    Known,
    Publish,
    RemindAt,
    State,
    Waits,
    Watching,
    job_name,
    lost_after,
)

LOOK, RETRY = "look", "retry"
WATCHING = Watching(experiment="retraining", about=LOOK)


class Retraining(State):
    """`request` is what runs now, or what waits for the cool-down to end; `decision` is what last led to effects.

    `watch` is there while the job runs; `job` stays, so that a failure of the registration can still be named.
    """

    status: Literal["idle", "deferred", "running"] = "idle"
    request: RetrainingRequested | None = None
    job: JobRef | None = None
    watch: JobWatch | None = None
    started_at: datetime | None = None
    decision: str = ""

    @classmethod
    def upcast(cls, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """There was no `watch`: `job` was the one that ran."""
        if "watch" in kept or kept.get("status") != "running":
            return kept
        return {**kept, "watch": {"job": kept["job"], "give_up_at": lost_after(kept["started_at"])}}


class TrainingKnown(JobKnown):
    """`next_version` is what the job's model would be called."""

    next_version: str = "1"


def decide_requested(
    state: Retraining, facts: Facts[Known], event: RetrainingRequested, policy: PolicyDocument
) -> Decision[Retraining]:
    if _is_never_retrained(event, policy):
        return Decision(state, [Publish(event=_refused(event))])
    if state.watch:
        return Decision(state, [Publish(event=_deferred(event, "a retraining of this model is running"))])
    limits = policy.section(RetrainingLimits, event.endpoint)
    rested = state.started_at + timedelta(seconds=limits.cool_down_s) if state.started_at else facts.now
    if rested > facts.now:
        waiting = state.model_copy(update={"status": "deferred", "request": event})
        deferred = _deferred(event, f"cool-down of {limits.cool_down_s:g} s since the last one", rested)
        return Decision(waiting, [Publish(event=deferred), RemindAt(about=RETRY, at=rested)])
    return _start(facts, event, policy)


def _is_never_retrained(event: RetrainingRequested, policy: PolicyDocument) -> bool:
    """R063, R072: whoever asks. By the endpoint of the request, and by the one that its model serves."""
    serves = policy.endpoint_of(event.model_name)
    scenarios = {policy.scenario(event.endpoint), policy.scenario(Scope(endpoint=serves)) if serves else "classical"}
    return bool(scenarios.intersection(NEVER_BY_ITSELF))


def _refused(event: RetrainingRequested) -> RetrainingRefused:
    return RetrainingRefused(endpoint=event.endpoint, model_name=event.model_name, reason=BECAUSE_OF_THE_SCENARIO)


def _deferred(event: RetrainingRequested, reason: str, until: datetime | None = None) -> RetrainingDeferred:
    return RetrainingDeferred(endpoint=event.endpoint, model_name=event.model_name, reason=reason, until=until)


def _start(
    facts: Facts[Known] | Facts[TrainingKnown], event: RetrainingRequested, policy: PolicyDocument
) -> Decision[Retraining]:
    limits, jobs = policy.section(RetrainingLimits, event.endpoint), policy.job(RetrainingLimits, event.endpoint)
    development = policy.workspace("development", event.endpoint.name)
    job = JobRef(workspace=development, name=job_name("retraining", facts.event_id))
    data_from = event.data_until - timedelta(seconds=limits.lookback_s)
    inputs = {**limits.inputs, "data_from": f"{data_from:%Y-%m-%d}", "data_until": f"{event.data_until:%Y-%m-%d}"}
    work = PipelineJob(component=limits.component, compute=jobs.compute, inputs=inputs, output=limits.output)
    watch, submit, remind = WATCHING.begin(job, work, jobs, facts.now)
    started = RetrainingStarted(endpoint=event.endpoint, model_name=event.model_name, job=job)
    running = Retraining(
        status="running", request=event, job=job, watch=watch, started_at=facts.now, decision=facts.event_id
    )
    return Decision(running, [submit, Publish(event=started), remind])


def decide_job(
    state: Retraining, facts: Facts[TrainingKnown], event: JobEnded | DeadlineReached, policy: PolicyDocument
) -> Decision[Retraining]:
    """Azure ML's word counts, not the event's: either may come alone, late, or twice."""
    request, watch = state.request, state.watch
    if request is None:
        return Decision(state)
    if state.status == "deferred":
        return _after_cool_down(state, request, facts, policy) if _is_retry(event) else Decision(state)
    if watch is None or facts.known.state == "unasked":
        return Decision(state)
    if facts.known.state == "completed":
        return _register(state, request, watch.job, facts, policy)
    seen = WATCHING.look(watch, facts.known, policy.job(RetrainingLimits, request.endpoint), facts.now)
    return _failed(state, seen.reason) if isinstance(seen, Ended) else _waits_or_given_up(state, seen)


def _after_cool_down(
    state: Retraining, request: RetrainingRequested, facts: Facts[TrainingKnown], policy: PolicyDocument
) -> Decision[Retraining]:
    """The document may be another one by now."""
    if _is_never_retrained(request, policy):
        return Decision(_idle(state), [Publish(event=_refused(request))])
    return _start(facts, request, policy)


def _is_retry(event: JobEnded | DeadlineReached) -> bool:
    return isinstance(event, DeadlineReached) and event.key == RETRY


def _waits_or_given_up(state: Retraining, seen: Waits | GivenUp) -> Decision[Retraining]:
    if isinstance(seen, GivenUp):
        return _failed(state, seen.reason, seen.cancel)
    return Decision(state.model_copy(update={"watch": seen.watch}), [seen.remind])


def _register(
    state: Retraining, request: RetrainingRequested, job: JobRef, facts: Facts[TrainingKnown],
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
    return state.model_copy(update={"status": "idle", "watch": None})


def _failed(state: Retraining, reason: str, *after: Effect) -> Decision[Retraining]:
    if state.request is None or state.job is None:
        return Decision(_idle(state))
    failed = RetrainingFailed(
        endpoint=state.request.endpoint, model_name=state.request.model_name, job=state.job, reason=reason
    )
    return Decision(_idle(state), [Publish(event=failed), *after])


def decide_not_performed(
    state: Retraining, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Retraining]:
    """A submission or a registration that was refused ends this retraining; the next request may start another.

    When Azure ML could not even be asked, it is asked again; what failed of an earlier retraining is history.
    """
    if event.effect == GATHER and state.watch and state.request:
        jobs = policy.job(RetrainingLimits, state.request.endpoint)
        return _waits_or_given_up(state, WATCHING.could_not_look(state.watch, event.reason, jobs, facts.now))
    return _failed(state, f"{event.effect}: {event.reason}") if event.decision == state.decision else Decision(state)
