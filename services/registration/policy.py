"""What becomes of a registered model (E1)."""

from typing import Literal

from services.registration.effects import AdoptPackage, NoteRequesters
from services.registration.limits import RegistrationLimits
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    Digest,
    EndpointRef,
    ModelRef,
    ModelRegistered,
    ModelRejected,
    PackageRef,
    Severity,
    StagingRequested,
)
from shared.policies import People, PolicyDocument
from shared.reactor import GATHER, Decision, Effect, Facts, Known, Publish, SendNotice, State

_NOBODY = "nobody is known who asked for it, which the policy refuses (registration.unknown_requester)"


class Registration(State):
    """`decision` is the event that last led to effects; `digest` the package they were about."""

    status: Literal["new", "not_for_us", "left_to_a_person", "rejected", "staging"] = "new"
    model: ModelRef | None = None
    digest: Digest | None = None
    reason: str = ""
    decision: str = ""


class RegisteredModelKnown(Known):
    """What Azure ML and the package itself say now. `problem` in words when there is no usable package.

    `requesters` may not approve it; none means that nobody is known who asked for it, then `requested_by` is a word.
    """

    exists: bool = False
    location: str = ""
    digest: Digest | None = None
    problem: str = ""
    requested_by: str = ""
    requesters: tuple[str, ...] = ()


def decide_what_follows(
    state: Registration, facts: Facts[RegisteredModelKnown], event: ModelRegistered, policy: PolicyDocument
) -> Decision[Registration]:
    """Stage it, reject it, leave it to a person, or nothing."""
    endpoint, known = policy.endpoint_of(event.model.name), facts.known
    if endpoint is None:
        return Decision(state.model_copy(update={"status": "not_for_us", "model": event.model}))
    if not known.exists:
        return Decision(state)
    target = policy.endpoint_ref(endpoint)
    limits = policy.section(RegistrationLimits, target)
    if limits.staging == "never":
        return _leave_to_a_person(state, facts, event, policy.section(People, target))
    if known.digest is None:
        return _reject(state, facts, event.model, known.problem)
    if state.status == "staging" and state.digest == known.digest:
        return Decision(state)
    if not known.requesters and limits.unknown_requester == "refused":
        return _reject(state, facts, event.model, _NOBODY)
    return _stage(facts, event.model, known.digest, target, policy)


def _stage(
    facts: Facts[RegisteredModelKnown], model: ModelRef, digest: Digest, endpoint: EndpointRef, policy: PolicyDocument
) -> Decision[Registration]:
    request = StagingRequested(
        candidate=PackageRef(model=model, digest=digest),
        endpoint=endpoint,
        requested_by=facts.known.requested_by,
        scenario=policy.scenario(endpoint),
    )
    adopt = AdoptPackage(location=facts.known.location, digest=digest)
    note = [NoteRequesters(package=digest, requesters=found)] if (found := facts.known.requesters) else []
    state = Registration(status="staging", model=model, digest=digest, decision=facts.event_id)
    return Decision(state, (adopt, *note, Publish(event=request)))


def _leave_to_a_person(
    state: Registration, facts: Facts[RegisteredModelKnown], event: ModelRegistered, people: People
) -> Decision[Registration]:
    if state.status == "left_to_a_person":
        return Decision(state)
    left = Registration(status="left_to_a_person", model=event.model, decision=facts.event_id)
    title = f"Model {event.model} was registered and is not staged by itself"
    text = "The policy says registration.staging: never, so a person decides whether this model goes to staging."
    return Decision(left, _notices(people, title, text, "warning"))


def _reject(
    state: Registration, facts: Facts[RegisteredModelKnown], model: ModelRef, reason: str
) -> Decision[Registration]:
    if state.status == "rejected" and state.reason == reason:
        return Decision(state)
    rejected = Registration(status="rejected", model=model, reason=reason, decision=facts.event_id)
    return Decision(rejected, (Publish(event=ModelRejected(model=model, reason=reason)),))


def decide_after_failure(
    state: Registration, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Registration]:
    """A package that could not be adopted is rejected; what could not be looked at or sent is told to people."""
    if event.effect == GATHER:
        return Decision(state, _unseen(event, policy))
    if event.decision != state.decision or state.status != "staging" or state.model is None:
        return Decision(state)
    reason = f"{event.effect}: {event.reason}"
    update = {"status": "rejected", "reason": reason, "decision": facts.event_id}
    rejected = state.model_copy(update=update)
    if event.effect == AdoptPackage.kind:
        return Decision(rejected, (Publish(event=ModelRejected(model=state.model, reason=reason)),))
    people = policy.section(People, event.entity)
    return Decision(rejected, _notices(people, f"Model {state.model} could not be sent to staging", reason))


def decide_after_supersession(
    state: Registration, facts: Facts[Known], event: ActionSuperseded, policy: PolicyDocument
) -> Decision[Registration]:
    """None of these effects expects a generation, so nothing follows."""
    return Decision(state)


def _unseen(event: ActionFailed, policy: PolicyDocument) -> tuple[Effect, ...]:
    if policy.endpoint_of(event.entity.name.partition(":")[0]) is None:
        return ()
    title = f"Model {event.entity.name} was registered, but could not be looked at"
    return _notices(policy.section(People, event.entity), title, event.reason)


def _notices(people: People, title: str, text: str, severity: Severity = "error") -> tuple[Effect, ...]:
    return tuple(SendNotice(audience=persona, title=title, text=text, severity=severity) for persona in people.personas)
