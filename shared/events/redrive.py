"""Doing again, once, what was held, refused or buried. The first is an operator's command."""

from typing import ClassVar, Self

from pydantic import model_validator

from shared.events.announcement import Announcement, sentence
from shared.events.brakes import Named, Reason
from shared.events.entity import Entity
from shared.events.event import Event, Hub
from shared.events.fields import Words
from shared.events.system import SYSTEM


class _OfRedrive(Event):
    """Either `decision`, the id of the event that `service` decided on about `about`, or `letter`, a dead letter's."""

    service: str
    about: str = ""
    decision: str = ""
    letter: str = ""
    operator: Named
    reason: Reason

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if bool(self.decision) == bool(self.letter):
            raise ValueError("either decision or letter is required")
        if self.decision:
            Entity.parse(self.about)
        return self

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "redrive", f"{self.service}/{self.decision or self.letter}")

    def words(self) -> tuple[str, ...]:
        return (self.service, self.decision or self.letter, f"by {self.operator}", self.reason)


class RedriveRequested(_OfRedrive):
    """An operator's command; control does it, under the original event's id, so that nothing happens twice.

    `proof` is the operators' signature.
    """

    type: ClassVar[str] = "mlops.redrive.requested"
    carried_by: ClassVar[Hub] = "decisions"
    proof: str = ""


class RedriveStarted(_OfRedrive):
    """What was asked for is under way again."""

    type: ClassVar[str] = "mlops.redrive.started"

    def reply(self) -> str:
        return f"redriven: {self.decision or self.letter} of {self.service} is under way again"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.operator} had {self.service} do something again",
            sentence(self.reason),
            audience=("platform-support",),
        )


class RedriveRefused(_OfRedrive):
    """There is nothing to do again: unknown, still under way, done, or redriven before."""

    type: ClassVar[str] = "mlops.redrive.refused"
    refusal: Words

    def words(self) -> tuple[str, ...]:
        return (self.refusal,)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} does not do that again",
            sentence(self.refusal),
            severity="warning",
            audience=("platform-support",),
        )
