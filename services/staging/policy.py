"""When to run the suite for a candidate, and when to stop waiting for it."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal

from services.staging.limits import StagingLimits
from services.staging.verdict import JobKnown, Suite, finish, verdict_of
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    DeadlineReached,
    Digest,
    JobEnded,
    JobRef,
    PackageRef,
    StagingRequested,
    StagingStarted,
    canonical,
)
from shared.packages import StagingRequestBody, SuiteLimits
from shared.policies import GoldenLimits, JobLimits, People, PolicyDocument
from shared.ports import CommandJob
from shared.reactor import (
    CancelJob,
    Decision,
    Effect,
    Facts,
    KeepEvidence,
    Known,
    Publish,
    RemindAt,
    SendNotice,
    State,
    SubmitJob,
    job_name,
)

LOOK = "look"
# What the reactor calls a decision that could not even be prepared.
GATHER = "gather"
_FIRST_LOOK_S, _DOUBLINGS = 5.0, 10
# What Azure ML may take to stop a job by its own time limit, before we call it lost.
_SLACK = timedelta(seconds=60)


class Staging(State):
    """`decision` is the event that last led to effects, `looks` how often we asked after the job."""

    status: Literal["new", "running", "finished"] = "new"
    suite: Suite | None = None
    give_up_at: datetime | None = None
    looks: int = 0
    decision: str = ""
    outcome: str = ""


class ChampionKnown(Known):
    """What serves the endpoint now."""

    champion: PackageRef | None = None


def decide_start(
    state: Staging, facts: Facts[ChampionKnown], event: StagingRequested, policy: PolicyDocument
) -> Decision[Staging]:
    """Run the suite once for each request; a candidate that is being judged is not judged twice at once."""
    running = state.suite if state.status == "running" else None
    if running and running.candidate == event.candidate and running.endpoint == event.endpoint:
        return Decision(state)
    limits = policy.job(StagingLimits, event.endpoint)
    body = _request_body(event, facts.known.champion, policy)
    suite = Suite(
        candidate=event.candidate,
        endpoint=event.endpoint,
        requested_by=event.requested_by,
        champion=facts.known.champion,
        job=JobRef(
            workspace=policy.workspace("staging", event.endpoint.name), name=job_name("staging", facts.event_id)
        ),
    )
    give_up_at = facts.now + timedelta(seconds=limits.timeout_s) + _SLACK
    begun = Staging(status="running", suite=suite, give_up_at=give_up_at, decision=facts.event_id)
    left_behind = (CancelJob(job=running.job),) if running else ()
    return Decision(begun, (*_start(suite, body, limits), _look_again(begun, facts.now, limits), *left_behind))


def _request_body(event: StagingRequested, champion: PackageRef | None, policy: PolicyDocument) -> bytes:
    checks = policy.section(StagingLimits, event.endpoint).suite.model_dump()
    tolerance = policy.section(GoldenLimits, event.endpoint).tolerance
    limits = SuiteLimits(**checks, golden_tolerance=tolerance)
    request = StagingRequestBody(candidate=event.candidate, champion=champion, endpoint=event.endpoint, limits=limits)
    return canonical(request.model_dump(mode="json"))


def _start(suite: Suite, body: bytes, limits: JobLimits) -> tuple[Effect, ...]:
    request: Digest = hashlib.sha256(body).hexdigest()
    work = CommandJob(
        command=f"python -m function_app.jobs staging --request {request}",
        environment=limits.environment,
        compute=limits.compute,
    )
    timeout = timedelta(seconds=limits.timeout_s)
    started = StagingStarted(
        candidate=suite.candidate,
        endpoint=suite.endpoint,
        requested_by=suite.requested_by,
        job=suite.job,
        champion=suite.champion,
    )
    return (
        KeepEvidence(body=body),
        SubmitJob(job=suite.job, work=work, experiment="sluice-staging", timeout=timeout),
        Publish(event=started),
    )


def _look_again(state: Staging, now: datetime, limits: JobLimits) -> RemindAt:
    """Soon at first, then less and less often, up to the limit: job events may all be withheld."""
    pause = min(_FIRST_LOOK_S * 2 ** min(state.looks, _DOUBLINGS), limits.look_every_s)
    return RemindAt(about=LOOK, at=now + timedelta(seconds=pause))


def decide_after_job_end(
    state: Staging, facts: Facts[JobKnown], event: JobEnded, policy: PolicyDocument
) -> Decision[Staging]:
    """The event is a hint: what Azure ML says of the job now decides."""
    if state.suite is None or event.job != state.suite.job:
        return Decision(state)
    return _decide_by_job(state, facts, policy)


def decide_at_look(
    state: Staging, facts: Facts[JobKnown], event: DeadlineReached, policy: PolicyDocument
) -> Decision[Staging]:
    """Has the job ended unheard, or is it time to give up?"""
    return _decide_by_job(state, facts, policy)


def _decide_by_job(state: Staging, facts: Facts[JobKnown], policy: PolicyDocument) -> Decision[Staging]:
    suite = state.suite
    if state.status != "running" or suite is None or state.give_up_at is None:
        return Decision(state)
    verdict = verdict_of(suite, facts.known)
    if verdict is not None:
        return _finished(state, facts, verdict)
    if facts.now >= state.give_up_at:
        reason = (
            f"the job {suite.job.name} did not end in time (last state: {facts.known.problem or facts.known.state})"
        )
        return _finished(state, facts, finish(suite, "inconclusive", reason), CancelJob(job=suite.job))
    waiting = state.model_copy(update={"looks": state.looks + 1, "decision": facts.event_id})
    return Decision(waiting, (_look_again(waiting, facts.now, policy.job(StagingLimits, suite.endpoint)),))


def _finished(
    state: Staging, facts: Facts[JobKnown] | Facts[Known], verdict: Publish, *after: Effect
) -> Decision[Staging]:
    update = {"status": "finished", "decision": facts.event_id, "outcome": verdict.event.type}
    return Decision(state.model_copy(update=update), (verdict, *after))


def decide_after_failure(
    state: Staging, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Staging]:
    """A suite that could not be started or looked after is inconclusive; an unheard verdict is told to people.

    Where nothing could be found out about a running job, we look again until it is time to give up.
    """
    reason = f"{event.effect}: {event.reason}"
    if event.effect == GATHER:
        return _after_blindness(state, facts, event, reason, policy)
    if state.suite is None or event.decision != state.decision:
        return Decision(state)
    if state.status == "running":
        verdict = finish(state.suite, "inconclusive", reason)
        return _finished(state, facts, verdict, CancelJob(job=state.suite.job))
    if event.effect != Publish.kind:
        return Decision(state)
    told = state.model_copy(update={"decision": facts.event_id})
    title = f"The staging verdict on model {state.suite.candidate.model} could not be published"
    return Decision(told, _notices(policy.section(People, state.suite.endpoint), title, reason))


def _after_blindness(
    state: Staging, facts: Facts[Known], event: ActionFailed, reason: str, policy: PolicyDocument
) -> Decision[Staging]:
    if state.status == "running" and state.suite is not None and state.give_up_at is not None:
        if facts.now >= state.give_up_at:
            verdict = finish(state.suite, "inconclusive", reason)
            return _finished(state, facts, verdict, CancelJob(job=state.suite.job))
        waiting = state.model_copy(update={"looks": state.looks + 1, "decision": facts.event_id})
        limits = policy.job(StagingLimits, state.suite.endpoint)
        return Decision(waiting, (_look_again(waiting, facts.now, limits),))
    if state.status == "finished":
        return Decision(state)
    people = policy.section(People, event.entity)
    return Decision(state, _notices(people, f"Model {event.entity.name} could not be sent to staging", reason))


def _notices(people: People, title: str, text: str) -> tuple[SendNotice, ...]:
    return tuple(SendNotice(audience=persona, title=title, text=text, severity="error") for persona in people.personas)


def decide_after_supersession(
    state: Staging, facts: Facts[Known], event: ActionSuperseded, policy: PolicyDocument
) -> Decision[Staging]:
    """None of these effects expects a generation, so nothing follows."""
    return Decision(state)
