"""What brakes react to, and what they look up first."""

from services.brakes.policy import Commanded, RedriveKnown, decide_after_failure, decide_pause, decide_redrive
from shared.events import (
    ActionFailed,
    BrakeEngaged,
    BrakeReleased,
    Entity,
    ReactionsPaused,
    ReactionsResumed,
    RedriveRefused,
    RedriveRequested,
    RedriveStarted,
)
from shared.ports import Absent, Ledger, LetterBook
from shared.reactor import Service, StaleRelease, what_is_left

service = Service("brakes", state=Commanded, may_be_held=False)


async def gather_redrive(event: RedriveRequested, ledger: Ledger, letters: LetterBook) -> RedriveKnown:
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


def _own(event: ActionFailed) -> Entity | None:
    return event.entity if event.service == service.name else None


service.reacts_to(ReactionsPaused, decide=decide_pause, emits=(BrakeEngaged,))
service.reacts_to(ReactionsResumed, decide=decide_pause, emits=(BrakeReleased,))
service.reacts_to(
    RedriveRequested, gather=gather_redrive, decide=decide_redrive, emits=(RedriveStarted, RedriveRefused)
)
service.reacts_to(ActionFailed, entity=_own, decide=decide_after_failure)
