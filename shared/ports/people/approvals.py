"""Where approvals are kept, who asked for what they are about, and who mints the links to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.approvals import Approval
from shared.events import Digest


class Approvals(Protocol):
    async def put(self, approval: Approval) -> None:
        """Create or replace. Raises `Unavailable`."""
        ...

    async def get(self, id: str) -> Approval:
        """Raises `Absent` or `Unavailable`."""
        ...

    async def note_requesters(self, package: Digest, requesters: Sequence[str]) -> None:
        """These have asked for this package to serve; whoever was noted before, stays. Raises `Unavailable`."""
        ...

    async def requesters(self, package: Digest) -> tuple[str, ...]:
        """All who ever asked for it, sorted. Raises `Unavailable`."""
        ...


class LinkSigner(Protocol):
    """Mints what an approval link carries. Only control can."""

    def link(self, approval_id: str, expires_at: datetime) -> str:
        """The whole address; the token in it is never stored, logged or sent in an event."""
        ...

    def proof(self, approval_id: str, expires_at: datetime, statement: str) -> str:
        """What the gateway must have computed for `statement` from the token of this approval."""
        ...
