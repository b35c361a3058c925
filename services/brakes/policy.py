"""What follows from an operator's command."""

from typing import Any, Literal

from services.brakes.effects import ResumeLane, SendAgain, SetBrake
from shared.events import (
    ActionFailed,
    ActionReleased,
    BrakeEngaged,
    BrakeReleased,
    CommandRefused,
    Digest,
    LaneResumed,
    LaneResumeOrdered,
    ReactionsPaused,
    ReactionsResumed,
    RedriveRefused,
    RedriveRequested,
    RedriveStarted,
)
from shared.events.command_statement import Command
from shared.policies import PolicyDocument
from shared.reactor import Decision, Effect, Facts, Known, Publish, ReleaseAction, State


class Commanded(State):
    """Of a brake: whether it holds. Of a redrive: whose it was; there is one at most."""

    engaged: bool = False
    redriven_by: str = ""


class CommandKnown(Known):
    """`forged` in words when operators did not sign the command."""

    forged: str = ""


class RedriveKnown(CommandKnown):
    """`problem` in words when there is nothing to do again; `body` of a dead letter that can be sent again."""

    problem: str = ""
    body: Digest | None = None


def decide_pause(
    state: Commanded, facts: Facts[CommandKnown], event: ReactionsPaused | ReactionsResumed, policy: PolicyDocument
) -> Decision[Commanded]:
    """Said again, it is set again: the operator's latest reason counts."""
    if facts.known.forged:
        return _turn_down(state, event, facts.known.forged)
    engaged = isinstance(event, ReactionsPaused)
    said: dict[str, Any] = {"scope": event.scope, "operator": event.operator, "reason": event.reason}
    fact = BrakeEngaged(**said) if engaged else BrakeReleased(**said)
    brake = SetBrake(**said, engaged=engaged, since=facts.now)
    return Decision(state.model_copy(update={"engaged": engaged}), (brake, Publish(event=fact)))


def decide_lane(
    state: Commanded, facts: Facts[CommandKnown], event: LaneResumeOrdered, policy: PolicyDocument
) -> Decision[Commanded]:
    """A lane that was not stopped goes on as it did."""
    if facts.known.forged:
        return _turn_down(state, event, facts.known.forged)
    fact = LaneResumed(lane=event.lane, operator=event.operator, reason=event.reason)
    return Decision(state, (ResumeLane(lane=event.lane), Publish(event=fact)))


def decide_redrive(
    state: Commanded, facts: Facts[RedriveKnown], event: RedriveRequested, policy: PolicyDocument
) -> Decision[Commanded]:
    """Once, whoever asks how often."""
    if facts.known.forged:
        return _turn_down(state, event, facts.known.forged)
    if state.redriven_by:
        return _refuse(state, event, f"{state.redriven_by} had it redriven before")
    if facts.known.problem:
        return _refuse(state, event, facts.known.problem)
    done = state.model_copy(update={"redriven_by": event.operator})
    return Decision(
        done, (Publish(event=RedriveStarted.model_validate(event.model_dump())), _again(event, facts.known))
    )


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
    return Decision(state, (Publish(event=RedriveRefused.model_validate({**event.model_dump(), "refusal": refusal})),))


def _turn_down(state: Commanded, event: Command, why: str) -> Decision[Commanded]:
    """People hear of it at once: somebody may send to the hub who should not."""
    refused = CommandRefused(command=event.type, about=str(event.entity), operator=event.operator, refusal=why)
    return Decision(state, (Publish(event=refused),))


def decide_after_failure(
    state: Commanded, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Commanded]:
    """A redrive that could not even begin may be asked for again; people hear of the failure itself."""
    return Decision(state.model_copy(update={"redriven_by": ""}))
