"""What brakes react to, and what they look up first."""

from services.brakes.policy import (
    Commanded,
    CommandKnown,
    RedriveKnown,
    decide_after_failure,
    decide_lane,
    decide_pause,
    decide_redrive,
)
from shared.events import (
    ActionFailed,
    BrakeEngaged,
    BrakeReleased,
    CommandRefused,
    Entity,
    LaneResumed,
    LaneResumeOrdered,
    ReactionsPaused,
    ReactionsResumed,
    RedriveRefused,
    RedriveRequested,
    RedriveStarted,
)
from shared.events.command_statement import command_statement
from shared.ports import Absent, CommandVerifier, Ledger, LetterBook
from shared.reactor import Service, StaleRelease, what_is_left

service = Service(__package__, lane="operations", state=Commanded, may_be_held=False)


async def gather_command(
    event: ReactionsPaused | ReactionsResumed | LaneResumeOrdered, event_id: str, commands: CommandVerifier
) -> CommandKnown:
    return CommandKnown(forged=commands.refusal(command_statement(event, event_id), event.proof))


async def gather_redrive(
    event: RedriveRequested, event_id: str, commands: CommandVerifier, ledger: Ledger, letters: LetterBook
) -> RedriveKnown:
    """What a stranger asks for is not even looked up."""
    if forged := commands.refusal(command_statement(event, event_id), event.proof):
        return RedriveKnown(forged=forged)
    return await _redrivable(event, ledger, letters)


async def _redrivable(event: RedriveRequested, ledger: Ledger, letters: LetterBook) -> RedriveKnown:
    if event.letter:
        return await _letter(event, letters)
    progress = await ledger.find(event.service, Entity.parse(event.about), event.decision)
    if progress is None:
        return RedriveKnown(problem=f"{event.service} has decided nothing on that event about that entity")
    try:
        what_is_left(progress)
    except StaleRelease as reason:
        return RedriveKnown(problem=str(reason))
    return RedriveKnown()


async def _letter(event: RedriveRequested, letters: LetterBook) -> RedriveKnown:
    """Control may send to hub `events` only: what came by another hub is sent again by whoever sent it."""
    try:
        letter = await letters.get(event.letter)
    except Absent:
        return RedriveKnown(problem="there is no such dead letter")
    if letter.service != event.service:
        return RedriveKnown(problem=f"that dead letter is of service {letter.service}")
    if letter.hub != "events":
        return RedriveKnown(problem=f"it came by hub {letter.hub}: only its sender can send it again")
    return RedriveKnown(body=letter.body)


service.reacts_to(ReactionsPaused, gather=gather_command, decide=decide_pause, emits=(BrakeEngaged, CommandRefused))
service.reacts_to(ReactionsResumed, gather=gather_command, decide=decide_pause, emits=(BrakeReleased, CommandRefused))
service.reacts_to(
    RedriveRequested, gather=gather_redrive, decide=decide_redrive,
    emits=(RedriveStarted, RedriveRefused, CommandRefused),
)  # fmt: skip
service.reacts_to(LaneResumeOrdered, gather=gather_command, decide=decide_lane, emits=(LaneResumed, CommandRefused))
service.reacts_to(ActionFailed, decide=decide_after_failure)
