"""What folding could not count: rows that were refused, and state that could not be read."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence, short
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Words
from shared.events.references import Digest


class _OfState(Event):
    """`service` folds `hub` into a state about `about`, an entity."""

    service: str
    hub: str
    partition: int
    about: str
    reason: Words

    @property
    def entity(self) -> Entity:
        return Entity.parse(self.about)

    def words(self) -> tuple[str, ...]:
        return (self.service, self.entity.name, f"{self.hub}/{self.partition}", self.reason)


class RowsRefused(_OfState):
    """A message, `sequence` in its partition, could not be folded; it is a dead letter, and others of that day, too.

    Said once a day for each reason, service and entity.
    """

    type: ClassVar[str] = "mlops.rows.refused"
    sequence: int

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} does not count some rows of {self.entity.name}",
            f"{sentence(self.reason)} In partition {self.partition} of {self.hub}, message {self.sequence}; "
            "further ones are not told today.",
            severity="warning",
            audience=("platform-support",),
            command=f"sluice dead-letters list --service {self.service}",
        )


class StateSetAside(_OfState):
    """A folded state was damaged, or written by a newer build: its bytes lie in evidence, and it began anew."""

    type: ClassVar[str] = "mlops.state.set_aside"
    state: Digest

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.service} counts {self.entity.name} anew",
            f"What it had counted in partition {self.partition} of {self.hub} lies in evidence {short(self.state)}: "
            f"{sentence(self.reason)}",
            severity="error",
            audience=("platform-support",),
        )
