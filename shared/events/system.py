"""Sluice's own workings: time, loss, dead letters."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence, short
from shared.events.entity import Entity
from shared.events.event import Addressed, Event, Hub
from shared.events.fields import Moment, Words
from shared.events.references import Digest

SYSTEM = "sluice"


class DeadlineReached(Addressed):
    """Time is an event: `service` asked to be reminded about this entity. A needless reminder is a no-op by state."""

    type: ClassVar[str] = "mlops.deadline.reached"
    about: str
    key: str
    at: Moment

    @property
    def entity(self) -> Entity:
        return Entity.parse(self.about)

    def words(self) -> tuple[str, ...]:
        return (self.service, self.key)


class EventsLost(Event):
    """Sequence numbers that a hub no longer had when their gap was noticed; both ends included."""

    type: ClassVar[str] = "mlops.events.lost"
    service: str
    hub: str
    partition: int
    first: int
    last: int

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "hub", f"{self.hub}/{self.partition}")

    def words(self) -> tuple[str, ...]:
        return (self.service, f"{self.hub}/{self.partition}", f"{self.first} to {self.last}")

    def notice(self) -> Announcement:
        return Announcement(
            f"Events were lost on {self.hub}",
            f"Partition {self.partition}, numbers {self.first} to {self.last}, for {self.service}.",
            severity="error",
            audience=("platform-support",),
            command="sluice status",
        )


class HubReplaced(Event):
    """A partition of this hub begins again: the hub was made anew, or another one has taken its place (failover).

    `before` and `after` are the epochs, the times at which the two were created. It is read from its start.
    """

    type: ClassVar[str] = "mlops.hub.replaced"
    hub: str
    partition: int
    before: str
    after: str

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "hub", f"{self.hub}/{self.partition}")

    def words(self) -> tuple[str, ...]:
        return (f"{self.hub}/{self.partition}", f"{self.before} → {self.after}")

    def notice(self) -> Announcement:
        return Announcement(
            f"Hub {self.hub} begins again",
            f"Partition {self.partition} of {self.before} gave way to one of {self.after}, read from its start.",
            severity="warning",
            audience=("platform-support",),
            command="sluice status",
        )


class DeadLettered(Event):
    """A message that `service`, or the lane of that name, could not handle. `body` lies in `letters` by its digest."""

    type: ClassVar[str] = "mlops.event.dead_lettered"
    carried_by: ClassVar[Hub] = "dead-letter"
    service: str
    hub: str
    partition: int
    sequence: int
    body: Digest
    reason: Words

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "service", self.service)

    def words(self) -> tuple[str, ...]:
        return (self.service, f"{self.hub}/{self.partition} at {self.sequence}", self.reason)


class MessagesBuried(Event):
    """What cannot be handled lies among the dead letters: said once an hour for each reader and kind of reason.

    `letter` is the first one's id; hub `dead-letter` has each of them.
    """

    type: ClassVar[str] = "mlops.messages.buried"
    service: str
    hub: str
    reason: Words
    letter: str

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "service", self.service)

    def words(self) -> tuple[str, ...]:
        return (self.service, self.hub, self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} could not handle a message of {self.hub}",
            f"{sentence(self.reason)} There may be more of its kind.",
            severity="error",
            audience=("platform-support",),
            command=f"sluice dead-letters show {self.letter}",
        )


class ServiceMissed(Event):
    """Events have waited since `since` for a service that the running build does not have; `until` then given up.

    Until then a build that has the service goes on with them.
    """

    type: ClassVar[str] = "mlops.service.missed"
    service: str
    since: Moment
    until: Moment

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "service", self.service)

    def notice(self) -> Announcement:
        return Announcement(
            f"Nobody decides for {self.service}",
            (
                f"The running build has no service {self.service}, and events have waited for it since "
                f"{self.since:%Y-%m-%d %H:%M} UTC. Deploy a build that has it; at {self.until:%Y-%m-%d %H:%M} UTC "
                f"they begin to be given up."
            ),
            severity="error",
            audience=("platform-support",),
            command="sluice status",
        )


class PolicyChanged(Event):
    """Control goes by another policy document than before; both lie in evidence. `before` is absent the first time.

    `by` is whom the deployment names, empty where it names nobody.
    """

    type: ClassVar[str] = "mlops.policy.changed"
    before: Digest | None = None
    after: Digest
    by: str = ""

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "policy", "document")

    def words(self) -> tuple[str, ...]:
        return (
            f"{short(self.before) if self.before else 'none'} → {short(self.after)}",
            f"by {self.by or 'nobody named'}",
        )

    def notice(self) -> Announcement:
        before = short(self.before) if self.before else "none"
        return Announcement(
            "The policy was changed",
            f"{before} → {short(self.after)}, by {self.by or 'nobody named'}.",
            audience=("platform-support",),
            command="sluice policy show",
        )
