"""The human gate (box 7, R041, N9)."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity, EntityName
from shared.events.event import Event, Hub, Upcaster
from shared.events.fields import Moment, Words
from shared.events.phrases import asked_by, listed
from shared.events.references import AssetName, Digest, EndpointRef, PackageRef, scoped


class _OfQuestion(Event):
    """About whatever people are asked: `scope` is the thing, of any kind, whose policy says who may decide."""

    version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: scoped}
    approval_id: AssetName
    scope: EntityName

    @property
    def thing(self) -> Entity:
        return Entity.parse(self.scope)

    @property
    def entity(self) -> Entity:
        return Entity.of(self.thing.workspace, "approval", self.approval_id)


class _OfCandidate(Event):
    """About whether a model may serve an endpoint."""

    approval_id: AssetName
    endpoint: EndpointRef

    @property
    def entity(self) -> Entity:
        return Entity.of(self.endpoint.workspace, "approval", self.approval_id)


class ApprovalRequested(_OfCandidate):
    """A person is asked; the link itself travels to that person alone, never in an event."""

    type: ClassVar[str] = "mlops.approval.requested"
    candidate: PackageRef
    evidence: Digest | None = None
    requested_by: str
    personas: tuple[str, ...]
    expires_at: Moment

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), asked_by(self.requested_by), f"of {listed(self.personas)}")


class ApprovalDecided(_OfQuestion):
    """What the gateway saw: a signed-in person pressed a button. Control checks it again before it counts.

    `approver_id` is their object id.
    """

    type: ClassVar[str] = "mlops.approval.decided"
    carried_by: ClassVar[Hub] = "decisions"
    verdict: Literal["approve", "reject"]
    approver: str
    approver_id: str = ""
    persona: str
    comment: Words = ""
    package: Digest
    evidence: Digest | None = None
    proof: str

    def words(self) -> tuple[str, ...]:
        return (self.verdict, f"by {self.approver} as {self.persona}", self.comment)


class DelegationRequested(_OfQuestion):
    """What the gateway saw: a signed-in person passed their say on. Control checks it again before it counts.

    `delegate` is a person's address, or the name of a persona whose people may then decide instead; `delegator_id` is
    the delegator's object id.
    """

    type: ClassVar[str] = "mlops.delegation.requested"
    carried_by: ClassVar[Hub] = "decisions"
    delegator: str
    delegator_id: str = ""
    persona: str
    delegate: str
    comment: Words = ""
    package: Digest
    evidence: Digest | None = None
    proof: str

    def words(self) -> tuple[str, ...]:
        return (f"by {self.delegator} to {self.delegate}", self.comment)


class ApprovalEndorsed(_OfQuestion):
    """One of several persons whom the policy wants has approved; `missing` says who else is waited for."""

    type: ClassVar[str] = "mlops.approval.endorsed"
    approver: str
    persona: str
    on_behalf_of: str = ""
    reason: Words = ""
    missing: tuple[str, ...]

    def words(self) -> tuple[str, ...]:
        return (f"by {self.approver} as {self.persona}", f"still waits for {listed(self.missing)}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.approver} approved for {self.thing.name}",
            f"Still waited for: {', '.join(self.missing)}. {sentence(self.reason)}".strip(),
        )


class ApprovalDelegated(_OfQuestion):
    """The delegator's say is the delegate's now."""

    type: ClassVar[str] = "mlops.approval.delegated"
    delegator: str
    persona: str
    delegate: str
    reason: Words = ""

    def words(self) -> tuple[str, ...]:
        return (f"by {self.delegator} to {self.delegate}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.delegator} passed a decision about {self.thing.name} on",
            f"To {self.delegate}.",
            audience=("project-lead",),
        )


class ApprovalEscalated(_OfQuestion):
    """Nobody decided in time, so that others are asked as well."""

    type: ClassVar[str] = "mlops.approval.escalated"
    personas: tuple[str, ...]
    expires_at: Moment
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (f"to {listed(self.personas)}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"A decision about {self.thing.name} is waited for",
            f"{', '.join(self.personas)} may decide as well now: {sentence(self.reason)}",
            severity="warning",
        )


class _Settled(_OfCandidate):
    candidate: PackageRef
    evidence: Digest | None = None
    profile: Digest | None = None
    reason: Words = ""

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), self.reason)


class ApprovalGranted(_Settled):
    """`approver` completed it; `approvers` are all who approved. `requested_at` says which of two was asked later."""

    type: ClassVar[str] = "mlops.approval.granted"
    approver: str
    approvers: tuple[str, ...] = ()
    requested_at: Moment | None = None

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), f"by {listed(self.approvers) or self.approver}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.candidate.model} was approved",
            f"For endpoint {self.endpoint.name}.",
        )


class ApprovalRejected(_Settled):
    type: ClassVar[str] = "mlops.approval.rejected"
    approver: str

    def words(self) -> tuple[str, ...]:
        return (str(self.candidate.model), f"by {self.approver}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.candidate.model} was rejected",
            sentence(self.reason or "No reason was given"),
            audience=("data-scientist",),
        )


class ApprovalExpired(_Settled):
    type: ClassVar[str] = "mlops.approval.expired"

    def notice(self) -> Announcement:
        return Announcement(
            f"Nobody decided about {self.candidate.model}",
            "The approval has expired.",
            severity="warning",
            audience=("project-lead",),
        )


class ApprovalSuperseded(_Settled):
    """Something newer was asked for the same endpoint, or the evidence changed."""

    type: ClassVar[str] = "mlops.approval.superseded"


class ApprovalRefused(_OfQuestion):
    """A decision that does not count: own request, wrong persona, late, already used, or the proof does not match."""

    type: ClassVar[str] = "mlops.approval.refused"
    approver: str
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (f"by {self.approver}", self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"A decision about {self.thing.name} did not count",
            sentence(self.reason),
            severity="warning",
            audience=("project-lead",),
        )
