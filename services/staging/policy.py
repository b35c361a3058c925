"""When to run the suite for a candidate, and when to stop waiting for it."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from services.staging.limits import StagingLimits
from services.staging.verdict import Suite, finish, verdict_of
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
from shared.packages import StagingReport, StagingRequestBody, SuiteLimits
from shared.policies import GoldenLimits, People, PolicyDocument
from shared.ports import CommandJob
from shared.reactor import (
    GATHER,
    Decision,
    Effect,
    Ended,
    Facts,
    GivenUp,
    JobKnown,
    JobWatch,
    KeepEvidence,
    Known,
    Publish,
    SendNotice,
    State,
    Waits,
    Watching,
    job_name,
)

# A person waits for the verdict: job events may all be withheld, and the first looks come soon.
WATCHING = Watching(experiment="sluice-staging", first_look_s=5.0)


class Staging(State):
    """`decision` is the event that last led to effects; `watch` is there while the suite runs."""

    status: Literal["new", "running", "finished"] = "new"
    suite: Suite | None = None
    watch: JobWatch | None = None
    decision: str = ""
    outcome: str = ""

    @classmethod
    def upcast(cls, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """There was no `watch`: the suite named its job, and the rest of it stood beside."""
        if "watch" in kept or kept.get("status") != "running":
            return kept
        watch = {"job": kept["suite"]["job"], "give_up_at": kept["give_up_at"], "looks": kept["looks"]}
        return {**kept, "watch": watch}


class ChampionKnown(Known):
    """What serves the endpoint now."""

    champion: PackageRef | None = None


def decide_start(
    state: Staging, facts: Facts[ChampionKnown], event: StagingRequested, policy: PolicyDocument
) -> Decision[Staging]:
    """Run the suite once for each request; a candidate that is being judged is not judged twice at once."""
    running = state.suite if state.watch else None
    if running and running.candidate == event.candidate and running.endpoint == event.endpoint:
        return Decision(state)
    suite = Suite(
        candidate=event.candidate,
        endpoint=event.endpoint,
        requested_by=event.requested_by,
        champion=facts.known.champion,
    )
    left_behind = (state.watch.cancel,) if state.watch else ()
    return _start(suite, _request_body(event, facts.known.champion, policy), facts, policy, left_behind)


def _request_body(event: StagingRequested, champion: PackageRef | None, policy: PolicyDocument) -> bytes:
    checks = policy.section(StagingLimits, event.endpoint).suite.model_dump()
    tolerance = policy.section(GoldenLimits, event.endpoint).tolerance
    limits = SuiteLimits(**checks, golden_tolerance=tolerance)
    request = StagingRequestBody(candidate=event.candidate, champion=champion, endpoint=event.endpoint, limits=limits)
    return canonical(request.model_dump(mode="json"))


def _start(
    suite: Suite, body: bytes, facts: Facts[ChampionKnown], policy: PolicyDocument, left_behind: tuple[Effect, ...]
) -> Decision[Staging]:
    limits = policy.job(StagingLimits, suite.endpoint)
    request: Digest = hashlib.sha256(body).hexdigest()
    work = CommandJob(
        command=f"python -m function_app.jobs staging --request {request}",
        environment=limits.environment,
        compute=limits.compute,
    )
    job = JobRef(workspace=policy.workspace("staging", suite.endpoint.name), name=job_name("staging", facts.event_id))
    watch, submit, remind = WATCHING.begin(job, work, limits, facts.now)
    started = StagingStarted(
        candidate=suite.candidate,
        endpoint=suite.endpoint,
        requested_by=suite.requested_by,
        job=job,
        champion=suite.champion,
    )
    begun = Staging(status="running", suite=suite, watch=watch, decision=facts.event_id)
    return Decision(begun, (KeepEvidence(body=body), submit, Publish(event=started), remind, *left_behind))


def decide_job(
    state: Staging, facts: Facts[JobKnown[StagingReport]], event: JobEnded | DeadlineReached, policy: PolicyDocument
) -> Decision[Staging]:
    """Has the job ended, heard or unheard, or is it time to give up?"""
    suite, watch = state.suite, state.watch
    if suite is None or watch is None or facts.known.state == "unasked":
        return Decision(state)
    seen = WATCHING.look(watch, facts.known, policy.job(StagingLimits, suite.endpoint), facts.now)
    if isinstance(seen, Ended):
        return _finished(state, facts.event_id, verdict_of(suite, watch.job.name, seen))
    return _waits_or_given_up(state, suite, facts.event_id, seen)


def _waits_or_given_up(state: Staging, suite: Suite, decision: str, seen: Waits | GivenUp) -> Decision[Staging]:
    if isinstance(seen, GivenUp):
        return _finished(state, decision, finish(suite, "inconclusive", seen.reason), seen.cancel)
    return Decision(state.model_copy(update={"watch": seen.watch, "decision": decision}), (seen.remind,))


def _finished(state: Staging, decision: str, verdict: Publish, *after: Effect) -> Decision[Staging]:
    update = {"status": "finished", "watch": None, "decision": decision, "outcome": verdict.event.type}
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
    if state.watch:
        return _finished(state, facts.event_id, finish(state.suite, "inconclusive", reason), state.watch.cancel)
    if event.effect != Publish.kind:
        return Decision(state)
    told = state.model_copy(update={"decision": facts.event_id})
    title = f"The staging verdict on model {state.suite.candidate.model} could not be published"
    return Decision(told, _notices(policy.section(People, state.suite.endpoint), title, reason))


def _after_blindness(
    state: Staging, facts: Facts[Known], event: ActionFailed, reason: str, policy: PolicyDocument
) -> Decision[Staging]:
    if state.watch and state.suite:
        limits = policy.job(StagingLimits, state.suite.endpoint)
        seen = WATCHING.could_not_look(state.watch, reason, limits, facts.now)
        return _waits_or_given_up(state, state.suite, facts.event_id, seen)
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
