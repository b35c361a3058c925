"""Brakes' own effects on the world."""

from datetime import datetime
from typing import ClassVar

from shared.events import Digest, Unreadable, decode
from shared.ports import Brake, Brakes, EventPublisher, LaneBook, LetterBodies, Refused
from shared.reactor import Effect


class SetBrake(Effect):
    """The operator's latest word; a repeat of an older one changes nothing."""

    kind: ClassVar[str] = "set_brake"
    scope: str
    engaged: bool
    operator: str
    reason: str
    since: datetime

    async def perform(self, brakes: Brakes) -> None:
        await brakes.set(Brake(self.scope, self.engaged, self.operator, self.reason, self.since))


class ResumeLane(Effect):
    """Forget that a lane was stopped: it reads on from where it stood."""

    kind: ClassVar[str] = "resume_lane"
    lane: str

    async def perform(self, book: LaneBook) -> None:
        await book.resume(self.lane)


class SendAgain(Effect):
    """Put a buried message of hub `events` there again, unchanged: those who have handled it know its id."""

    kind: ClassVar[str] = "send_again"
    body: Digest

    async def perform(self, letters: LetterBodies, publisher: EventPublisher) -> None:
        try:
            envelope = decode(await letters.read(self.body))
        except Unreadable as reason:
            raise Refused(f"it is as unreadable as it was: {reason}") from reason
        await publisher.publish("events", [envelope])
