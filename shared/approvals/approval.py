"""A question to people, and what they have said so far: written by control, shown by the gateway."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from shared.events import Digest, EndpointRef, Entity, EntityName, PackageRef

type ApprovalStatus = Literal["open", "granted", "rejected", "expired", "superseded"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Seat(_Value):
    """`count` different persons, each of one of these personas, must approve."""

    personas: tuple[str, ...]
    count: int = 1


class Say(_Value):
    """A person approved, with their object id where it is known.

    `persona` is whose seat they take, `on_behalf_of` who passed it on to them.
    """

    approver: str
    persona: str
    comment: str = ""
    on_behalf_of: str = ""
    approver_id: str = ""


class Delegation(_Value):
    """`delegator` passed their say on to `delegate`: a person's address, or a persona."""

    delegator: str
    persona: str
    delegate: str


class Escalation(_Value):
    """When nobody has decided by `at`, `to` are asked as well, with so many seconds of further time as `more_s`."""

    at: datetime
    to: tuple[str, ...]
    more_s: float = 0


class HeldAction(_Value):
    """What `service` decided on event `decision` about `about`, and would do: `would`, known by `digest`.

    `answer`: the reactor is to `release` what it holds, or the service is to be told (`tell`) what the person said.
    """

    service: str
    about: str
    decision: str
    would: tuple[str, ...]
    digest: Digest
    answer: Literal["release", "tell"] = "release"


class Approval(_Value):
    """What a person is asked: whether `candidate` may serve `endpoint`, or whether `action` may be done.

    `scope` is the thing, of any kind, whose policy says who may decide.
    `title` and `summary` are plain text; the evidence is fetched by its digest. Without `seats`, one person of
    `personas` is enough. `revision` grows with every change. `correlation_id` names the chain that led to it,
    `causation_id` the event that had it opened. `escalation` is what follows if nobody decides, until it has come to
    that; `settled_at` is when it ended. None of `requesters`, object ids and addresses, may decide it;
    `requested_by` is for people to read.
    """

    id: str
    scope: EntityName
    endpoint: EndpointRef | None = None
    candidate: PackageRef | None = None
    action: HeldAction | None = None
    evidence: Digest | None
    title: str
    summary: str
    requested_by: str
    requesters: tuple[str, ...] = ()
    personas: tuple[str, ...]
    seats: tuple[Seat, ...] = ()
    says: tuple[Say, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    escalated: bool = False
    escalation: Escalation | None = None
    opened_at: datetime
    expires_at: datetime
    status: ApprovalStatus = "open"
    settled_at: datetime | None = None
    decided_by: str = ""
    reason: str = ""
    revision: int = 0
    correlation_id: str = ""
    causation_id: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_an_endpoint(cls, data: Any) -> Any:
        """What serves an endpoint is in that endpoint's scope; an earlier build wrote endpoints alone."""
        if not isinstance(data, Mapping) or "scope" in data or data.get("endpoint") is None:
            return data
        return {**data, "scope": str(EndpointRef.model_validate(data["endpoint"]).entity)}

    @property
    def thing(self) -> Entity:
        return Entity.parse(self.scope)

    @property
    def subject(self) -> Digest:
        """Digest of what is decided about: the package, or the effects that wait."""
        if self.candidate is not None:
            return self.candidate.digest
        return self.action.digest if self.action else ""
