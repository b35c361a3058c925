"""Brakes: an operator stops reactions for a thing or for all, and lets them go on. The first two are commands."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, StringConstraints

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event, Hub
from shared.events.fields import Words
from shared.events.system import SYSTEM

ALL = "all"


def _scope(value: str) -> str:
    """`all`, or an entity in its one spelling."""
    return ALL if value == ALL else str(Entity.parse(value))


def scope_words(scope: str) -> str:
    """`everything`, or kind and name of the entity; what is no scope as it stands."""
    if scope == ALL:
        return "everything"
    try:
        about = Entity.parse(scope)
    except ValueError:
        return scope
    return f"{about.kind} {about.name}"


Scope = Annotated[str, AfterValidator(_scope)]
Named = Annotated[str, StringConstraints(min_length=1, max_length=320, strip_whitespace=True)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class _OfBrake(Event):
    """`operator` says who, `reason` why: a brake without either is not taken."""

    scope: Scope
    operator: Named
    reason: Reason

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "brake", self.scope)

    def words(self) -> tuple[str, ...]:
        return (
            "everything" if self.scope == ALL else Entity.parse(self.scope).name,
            f"by {self.operator}",
            self.reason,
        )


class ReactionsPaused(_OfBrake):
    """An operator's command: from now on reactions about this are observed only. `proof` is their signature."""

    type: ClassVar[str] = "mlops.reactions.paused"
    carried_by: ClassVar[Hub] = "decisions"
    proof: str = ""


class ReactionsResumed(_OfBrake):
    """An operator's command: reactions act again. What was held meanwhile stays held until it is redriven."""

    type: ClassVar[str] = "mlops.reactions.resumed"
    carried_by: ClassVar[Hub] = "decisions"
    proof: str = ""


class _OfState(_OfBrake):
    @property
    def held(self) -> str:
        """What is braked, as people call it."""
        return "all reactions" if self.scope == ALL else f"reactions about {Entity.parse(self.scope).name}"


class CommandRefused(Event):
    """A command that operators did not sign: `command` is its type, `operator` whose name it bore. Nothing was done."""

    type: ClassVar[str] = "mlops.command.refused"
    command: str
    about: str
    operator: Named
    refusal: Words

    @property
    def entity(self) -> Entity:
        return Entity.parse(self.about)

    def words(self) -> tuple[str, ...]:
        return (self.command, f"in the name of {self.operator}", self.refusal)

    def notice(self) -> Announcement:
        return Announcement(
            f"A command in the name of {self.operator} did not count",
            f"{self.command}: {sentence(self.refusal)}",
            severity="error",
            audience=("platform-support",),
        )


class BrakeEngaged(_OfState):
    """The brake holds."""

    type: ClassVar[str] = "mlops.brake.engaged"

    def reply(self) -> str:
        return f"paused: reactions about {scope_words(self.scope)} are decided and recorded, nothing is done"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.operator} paused {self.held}",
            sentence(self.reason),
            severity="warning",
            audience=("platform-support", "data-scientist"),
        )


class BrakeReleased(_OfState):
    """The brake holds no more."""

    type: ClassVar[str] = "mlops.brake.released"

    def reply(self) -> str:
        return f"resumed: reactions about {scope_words(self.scope)} act again; what was held stays held"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.operator} let {self.held} go on",
            sentence(self.reason),
            audience=("platform-support", "data-scientist"),
        )
