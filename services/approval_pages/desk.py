"""What the pages work with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from services.approval_pages.csrf import FormGuard
from shared.ports import Approvals, EventPublisher, Evidence


class Link(Protocol):
    """A link that was signed by control and has not expired."""

    @property
    def approval_id(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


class LinkVerifier(Protocol):
    """Checks what `LinkSigner` minted; it cannot mint anything itself."""

    def verify(self, token: str, now: datetime) -> Link | Literal["invalid", "expired"]: ...

    def proof(self, token: str, statement: str) -> str:
        """What shows control that whoever stated this held the token."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Ports of the gateway; it may send to hub `decisions` and read the rest. `personas` are all that there are."""

    approvals: Approvals
    evidence: Evidence
    publisher: EventPublisher
    links: LinkVerifier
    guard: FormGuard
    sign_in_path: str = "/.auth/login/aad"
    personas: tuple[str, ...] = ()
