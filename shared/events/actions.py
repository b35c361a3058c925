"""What became of effects that were not performed: refused, stale, or held by a mode or a brake."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity, EntityName
from shared.events.event import Addressed, Event, Upcaster
from shared.events.fields import Moment, Words
from shared.events.phrases import asked_by, listed
from shared.events.references import Digest, scoped


class _OfAction(Addressed):
    """`effect` is the effect's kind, `decision` the id of the event that led to it."""

    about: str
    decision: str
    effect: str
    reason: Words

    @property
    def entity(self) -> Entity:
        return Entity.parse(self.about)

    def words(self) -> tuple[str, ...]:
        return (self.service, self.effect, self.reason)


class ActionFailed(_OfAction):
    """Refused, or not to be had within its patience; the effects after it were not performed."""

    type: ClassVar[str] = "mlops.action.failed"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} could not {self.effect.replace('_', ' ')}",
            f"{self.entity.kind} {self.entity.name}: {sentence(self.reason)}",
            severity="error",
            audience=("platform-support",),
            command=f"sluice redrive {self.service} --decision {self.decision} --reason ...",
        )


class ActionSuperseded(_OfAction):
    """The world had moved on from the generation the effect expected, so it was not performed."""

    type: ClassVar[str] = "mlops.action.superseded"


class ActionStalled(_OfAction):
    """The effect is of a newer build than the one that runs: it stays pending until that one runs again."""

    type: ClassVar[str] = "mlops.action.stalled"

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} cannot {self.effect.replace('_', ' ')} yet",
            f"{self.entity.kind} {self.entity.name}: {sentence(self.reason)} It stays pending until that build runs.",
            severity="error",
            audience=("platform-support",),
            command=f"sluice ledger show --service {self.service} --entity {self.entity.name}",
        )


class _OfHeldAction(Event):
    """`decision` is the id of the event that `service` decided on about `about`."""

    service: str
    about: str
    decision: str

    @property
    def entity(self) -> Entity:
        return Entity.parse(self.about)


class _Answer(Addressed, _OfHeldAction):
    """What became of a held action, said to the service that holds it."""


class ActionObserved(_OfHeldAction):
    """Decided and recorded, but not done: `would` says what would have been, `why` what held it."""

    type: ClassVar[str] = "mlops.action.observed"
    why: Words
    would: tuple[Words, ...]

    @property
    def _heard_by(self) -> tuple[str, ...]:
        """A rollback that is held is told without a word on everything else that is."""
        return ("data-scientist", "platform-support") if self.service == "rollback" else ()

    def words(self) -> tuple[str, ...]:
        return (self.service, f"would have done: {listed(self.would)}", self.why)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} did not act",
            f"{sentence(self.why)} It would have done: {', '.join(self.would)}.",
            severity="warning",
            audience=self._heard_by,
        )


class ActionProposed(_OfHeldAction):
    """Decided, recorded, and held until a person approves; `digest` is over exactly the effects that wait.

    `answer`: `release` has the reactor do what was held; `tell` says to the service that asked what the person said,
    by `mlops.action.approved` or `mlops.action.declined`. `question` and `reason` are its own words for the person.
    `evidence` is the digest of what the person is shown (`shared.approvals.Exhibits`). `scope` is the thing, of any
    kind, whose policy says who is asked. Who asked for one of `packages` to serve, or for
    this (`requested_by`), does not answer.
    """

    type: ClassVar[str] = "mlops.action.proposed"
    version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: scoped}
    scope: EntityName
    because: Words
    would: tuple[Words, ...]
    digest: Digest
    proposed_at: Moment
    answer: Literal["release", "tell"] = "release"
    question: Words = ""
    reason: Words = ""
    packages: tuple[Digest, ...] = ()
    requested_by: str = ""
    evidence: Digest | None = None

    def words(self) -> tuple[str, ...]:
        return (self.service, f"would do: {listed(self.would)}", asked_by(self.requested_by), self.reason)


class ActionReleased(_Answer):
    """A person said so: the service performs now what it had decided, exactly as it was recorded."""

    type: ClassVar[str] = "mlops.action.released"
    by: str
    reason: Words = ""
    through: Literal["grant", "redrive"]

    def words(self) -> tuple[str, ...]:
        return (self.service, f"by {self.by}", self.reason)


class ActionApproved(_Answer):
    """A person said yes to what a service had asked; the service goes on from there by itself."""

    type: ClassVar[str] = "mlops.action.approved"
    by: str
    reason: Words = ""

    def words(self) -> tuple[str, ...]:
        return (self.service, f"by {self.by}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.by} let {self.service} go on",
            sentence(self.reason or "No reason was given"),
        )


class ActionDeclined(_Answer):
    """A person said no, or nobody said anything in time: what was proposed is not done."""

    type: ClassVar[str] = "mlops.action.declined"
    by: str = ""
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.service, f"by {self.by}" if self.by else "", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"What {self.service} proposed is not done",
            sentence(self.reason),
            audience=("data-scientist",),
        )


class ActionPending(_OfHeldAction):
    """It has waited since `since` for something that cannot be had, and goes on trying."""

    type: ClassVar[str] = "mlops.action.pending"
    since: Moment
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.service, f"since {self.since:%Y-%m-%d %H:%M} UTC", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} waits",
            f"{self.entity.kind} {self.entity.name}, since {self.since:%Y-%m-%d %H:%M} UTC: {sentence(self.reason)}",
            severity="warning",
            audience=("platform-support",),
            command=f"sluice ledger show --service {self.service} --entity {self.entity.name}",
        )


class ReleaseRefused(_OfHeldAction):
    """What was released could not be done any more: done already, or the world has moved on since it was decided."""

    type: ClassVar[str] = "mlops.release.refused"
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.service, self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} could not do what was released",
            sentence(self.reason),
            severity="warning",
            audience=("platform-support",),
        )
