"""The way back to what served before (F12, N4)."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence
from shared.events.brakes import Named, Reason
from shared.events.entity import Entity
from shared.events.event import Event, Hub
from shared.events.fields import Part, Words
from shared.events.phrases import asked_by, back
from shared.events.references import AssetName, Digest, EndpointRef, PackageRef


class _OfEndpoint(Event):
    endpoint: EndpointRef

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class RollbackOrdered(_OfEndpoint):
    """An operator's command: put back what served before; control decides what that is. `proof` is their signature."""

    type: ClassVar[str] = "mlops.rollback.ordered"
    carried_by: ClassVar[Hub] = "decisions"
    operator: Named
    reason: Reason
    proof: str = ""

    def words(self) -> tuple[str, ...]:
        return (f"by {self.operator}", self.reason)


class RollbackRequested(_OfEndpoint):
    """`package` shall not serve any more. Only generation `generation` is undone: a newer one is left alone.

    `requested_by` is a person, or the service that found it wanting.
    """

    type: ClassVar[str] = "mlops.rollback.requested"
    package: PackageRef
    reason: Words
    generation: int
    requested_by: str

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), asked_by(self.requested_by), f"generation {self.generation}", self.reason)


class InstanceProof(Part):
    """One live instance scored the golden rows of what it serves again, with the very session that answers requests.

    `distance` is the largest absolute difference from the outputs that the package records, `outputs` the digest of
    what it answered.
    """

    instance: AssetName
    rows: int
    distance: float
    outputs: Digest


class RehearsedProof(Part):
    """The same, tried beforehand in staging; `restore_s` is how many seconds it took there."""

    rows: int
    distance: float
    outputs: Digest
    restore_s: float


class RollbackStarted(_OfEndpoint):
    """`package` is being taken away by `generation`; `restored` takes its place, None: nothing is there to do so."""

    type: ClassVar[str] = "mlops.rollback.started"
    package: PackageRef
    restored: PackageRef | None = None
    generation: int
    reason: Words
    requested_by: str

    def words(self) -> tuple[str, ...]:
        return (back(self.package, self.restored), f"generation {self.generation}", self.reason)

    def notice(self) -> Announcement:
        instead = self.restored.model if self.restored else "Nothing"
        return Announcement(
            f"{self.package.model} is being taken away from {self.endpoint.name}",
            f"{instead} takes its place, for {self.requested_by}: {sentence(self.reason)}",
            severity="warning",
            audience=("data-scientist", "platform-support"),
        )


class RollbackCompleted(_OfEndpoint):
    """Every live instance serves `restored` and proved it. `seconds` from the decision to the last proof.

    `rehearsal` is what staging found when it tried this way back, None when nobody did.
    """

    type: ClassVar[str] = "mlops.rollback.completed"
    package: PackageRef
    restored: PackageRef
    generation: int
    reason: Words
    requested_by: str
    instances: int
    seconds: float
    proofs: tuple[InstanceProof, ...]
    rehearsal: RehearsedProof | None = None

    @property
    def _proven(self) -> str:
        rows = min((proof.rows for proof in self.proofs), default=0)
        furthest = max((proof.distance for proof in self.proofs), default=0.0)
        instances = f"{len(self.proofs)} instance" + ("" if len(self.proofs) == 1 else "s")
        return f"proven on {instances} in {self.seconds:.1f} s: {rows} golden rows, distance {furthest:g}"

    @property
    def proof_in_words(self) -> str:
        furthest = max((proof.distance for proof in self.proofs), default=0.0)
        text = (
            f"After {self.seconds:.1f} s, proved by {self.instances} scoring instance(s), {furthest:.2g} apart at most."
        )
        if self.rehearsal is None:
            return f"{text} This way back was not rehearsed."
        return f"{text} Rehearsed: {self.rehearsal.restore_s:.1f} s, {self.rehearsal.distance:.2g} apart."

    def words(self) -> tuple[str, ...]:
        return (back(self.package, self.restored), f"generation {self.generation}", self._proven, self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.restored.model} is back on {self.endpoint.name}",
            self.proof_in_words,
            severity="warning",
            audience=("data-scientist", "product-owner", "platform-support"),
        )


class RollbackFailed(_OfEndpoint):
    """A person is needed. `restored` is what the manifest asks for now, where the rollback came that far.

    `behind` names the instances that did not follow or did not prove it.
    """

    type: ClassVar[str] = "mlops.rollback.failed"
    package: PackageRef | None = None
    restored: PackageRef | None = None
    generation: int
    reason: Words
    requested_by: str
    behind: tuple[AssetName, ...] = ()

    def words(self) -> tuple[str, ...]:
        return (back(self.package, self.restored), f"generation {self.generation}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"The rollback of {self.endpoint.name} needs you",
            sentence(self.reason),
            severity="error",
            audience=("data-scientist", "project-lead", "platform-support"),
            command=f"sluice rollback {self.endpoint.name} --reason ...",
        )


class RollbackSuperseded(_OfEndpoint):
    """Something newer serves or is on its way, and this rollback overwrote nothing of it. `generation` is current."""

    type: ClassVar[str] = "mlops.rollback.superseded"
    package: PackageRef | None = None
    generation: int
    reason: Words
    requested_by: str

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model) if self.package else "", f"generation {self.generation}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"A rollback of {self.endpoint.name} was overtaken",
            sentence(self.reason),
            audience=("platform-support",),
        )
