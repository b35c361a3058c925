"""What follows from an operator's command."""

from typing import Any, Literal

from services.brakes.effects import SendAgain, SetBrake
from shared.events import (
    ActionFailed,
    ActionReleased,
    BrakeEngaged,
    BrakeReleased,
    Digest,
    ReactionsPaused,
    ReactionsResumed,
    RedriveRefused,
    RedriveRequested,
    RedriveStarted,
)
from shared.policies import PolicyDocument
from shared.reactor import Decision, Effect, Facts, Known, Publish, ReleaseAction, State


class Commanded(State):
    """Of a brake: whether it holds. Of a redrive: whose it was; there is one at most."""

    engaged: bool = False
    redriven_by: str = ""


class RedriveKnown(Known):
    """`problem` in words when there is nothing to do again; `body` of a dead letter that can be sent again."""

    problem: str = ""
    body: Digest | None = None


def decide_pause(
    state: Commanded, facts: Facts[Known], event: ReactionsPaused | ReactionsResumed, policy: PolicyDocument
) -> Decision[Commanded]:
    """Said again, it is set again: the operator's latest reason counts."""
    engaged = isinstance(event, ReactionsPaused)
    said: dict[str, Any] = {"scope": event.scope, "operator": event.operator, "reason": event.reason}
    fact = BrakeEngaged(**said) if engaged else BrakeReleased(**said)
    brake = SetBrake(**said, engaged=engaged, since=facts.now)
    return Decision(state.model_copy(update={"engaged": engaged}), (brake, Publish(event=fact)))


def decide_redrive(
    state: Commanded, facts: Facts[RedriveKnown], event: RedriveRequested, policy: PolicyDocument
) -> Decision[Commanded]:
    """Once, whoever asks how often."""
    if state.redriven_by:
        return _refuse(state, event, f"{state.redriven_by} had it redriven before")
    if facts.known.problem:
        return _refuse(state, event, facts.known.problem)
    done = state.model_copy(update={"redriven_by": event.operator})
    return Decision(done, (Publish(event=RedriveStarted(**event.model_dump())), _again(event, facts.known)))


def _again(event: RedriveRequested, known: RedriveKnown) -> Effect:
    if known.body:
        return SendAgain(body=known.body)
    through: Literal["redrive"] = "redrive"
    return ReleaseAction(
        released=ActionReleased(
            service=event.service, about=event.about, decision=event.decision, by=event.operator, reason=event.reason,
            through=through,
        )
    )  # fmt: skip


def _refuse(state: Commanded, event: RedriveRequested, refusal: str) -> Decision[Commanded]:
    return Decision(state, (Publish(event=RedriveRefused(**event.model_dump(), refusal=refusal)),))


def decide_after_failure(
    state: Commanded, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Commanded]:
    """A redrive that could not even begin may be asked for again; people hear of the failure itself."""
    return Decision(state.model_copy(update={"redriven_by": ""}))
