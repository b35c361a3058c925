"""Lanes: what reads hub `events` for several services, and what becomes of one that cannot go on."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence
from shared.events.brakes import Named, Reason
from shared.events.entity import Entity
from shared.events.event import Event, Hub
from shared.events.fields import Moment, Words
from shared.events.system import SYSTEM


class _OfLane(Event):
    lane: Named

    @property
    def entity(self) -> Entity:
        return Entity.of(SYSTEM, "lane", self.lane)


class LaneStalled(_OfLane):
    """A partition has stood at message `sequence` since `since`: the lane tries again, and says once that it does."""

    type: ClassVar[str] = "mlops.lane.stalled"
    hub: str
    partition: int
    sequence: int
    since: Moment
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.lane, f"{self.hub}/{self.partition} at {self.sequence}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"Lane {self.lane} stands still",
            (
                f"{self.hub}/{self.partition}, at message {self.sequence}, since {self.since:%Y-%m-%d %H:%M} UTC: "
                f"{sentence(self.reason)}"
            ),
            severity="error",
            audience=("platform-support",),
            command="sluice lanes",
        )


class LaneStopped(_OfLane):
    """So many of its last events ended by our own bugs that it holds its position until a person or a build says so."""

    type: ClassVar[str] = "mlops.lane.stopped"
    bugs: int
    events: int
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.lane, f"{self.bugs} of {self.events} events", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"Lane {self.lane} was stopped",
            f"{self.bugs} of its last {self.events} events ended by bugs of our own. {sentence(self.reason)}",
            severity="error",
            audience=("platform-support",),
            command=f"sluice lanes resume {self.lane} --reason ...",
        )


class LaneResumeOrdered(_OfLane):
    """An operator's command: a lane that was stopped goes on. `proof` is their signature."""

    type: ClassVar[str] = "mlops.lane.resume_ordered"
    carried_by: ClassVar[Hub] = "decisions"
    operator: Named
    reason: Reason
    proof: str = ""

    def words(self) -> tuple[str, ...]:
        return (self.lane, f"by {self.operator}", self.reason)


class LaneResumed(_OfLane):
    """A stopped lane goes on, by this operator's word."""

    type: ClassVar[str] = "mlops.lane.resumed"
    operator: Named
    reason: Reason

    def words(self) -> tuple[str, ...]:
        return (self.lane, f"by {self.operator}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.operator} let lane {self.lane} go on",
            sentence(self.reason),
            audience=("platform-support",),
            command="sluice lanes",
        )
