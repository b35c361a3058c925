"""What rollback remembers of an endpoint, and what it finds out before it decides."""

from datetime import datetime
from typing import Literal

from shared.events import Digest, PackageRef
from shared.packages import Rehearsal
from shared.ports import Instance, Manifest, Route
from shared.reactor import Known, State

# Approvals kept in mind: those of what may serve, and of some that were overtaken.
REMEMBERED = 8


class Rollback(State):
    """`package` is being taken away by `generation`, `route` takes its place; `decision` is its cause.

    `approved` names packages and the evidence they were approved on, oldest first. `withdrawn` were taken away, and
    are not gone back to unless somebody approves them anew.
    """

    status: Literal["idle", "waiting"] = "idle"
    package: PackageRef | None = None
    route: Route | None = None
    generation: int = 0
    reason: str = ""
    requested_by: str = ""
    started_at: datetime | None = None
    decision: str = ""
    rehearsal: Rehearsal | None = None
    approved: dict[Digest, Digest | None] = {}
    withdrawn: tuple[Digest, ...] = ()

    @property
    def at_rest(self) -> "Rollback":
        """What is remembered between rollbacks."""
        return Rollback(generation=self.generation, approved=self.approved, withdrawn=self.withdrawn)


class Serving(Known):
    """`rehearsals` of the ways back from the packages that serve now, by these packages' digests."""

    manifest: Manifest
    rehearsals: dict[Digest, Rehearsal] = {}


class Ordered(Serving):
    """`forged` in words when operators did not sign the order."""

    forged: str = ""


class Live(Known):
    """`instances` that were heard of lately, by id."""

    manifest: Manifest
    instances: dict[str, Instance] = {}
