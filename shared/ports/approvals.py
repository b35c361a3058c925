"""Approvals as the gateway shows them: written by control, read by both."""

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from shared.events import Digest, EndpointRef, PackageRef

type ApprovalStatus = Literal["open", "granted", "rejected", "expired", "superseded"]


class Approval(BaseModel):
    """What a person is asked. `title` and `summary` are plain text; the evidence is fetched by its digest.

    `correlation_id` names the chain that led to it, `causation_id` the event that had it opened.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    endpoint: EndpointRef
    candidate: PackageRef
    evidence: Digest | None
    title: str
    summary: str
    requested_by: str
    personas: tuple[str, ...]
    opened_at: datetime
    expires_at: datetime
    status: ApprovalStatus = "open"
    decided_by: str = ""
    reason: str = ""
    correlation_id: str = ""
    causation_id: str = ""


class Approvals(Protocol):
    async def put(self, approval: Approval) -> None:
        """Create or replace. Raises `Unavailable`."""
        ...

    async def get(self, id: str) -> Approval:
        """Raises `Absent` or `Unavailable`."""
        ...


class LinkSigner(Protocol):
    """Mints what an approval link carries. Only control can."""

    def link(self, approval_id: str, expires_at: datetime) -> str:
        """The whole address; the token in it is never stored, logged or sent in an event."""
        ...

    def proof(self, approval_id: str, expires_at: datetime, statement: str) -> str:
        """What the gateway must have computed for `statement` from the token of this approval."""
        ...
