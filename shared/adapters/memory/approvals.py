"""Approvals in a dictionary."""

from collections.abc import Sequence

from shared.approvals import Approval
from shared.events import Digest
from shared.ports import Absent, Approvals


class MemoryApprovals(Approvals):
    def __init__(self) -> None:
        self.approvals: dict[str, Approval] = {}
        self._requesters: dict[Digest, set[str]] = {}

    async def put(self, approval: Approval) -> None:
        self.approvals[approval.id] = approval

    async def get(self, id: str) -> Approval:
        if id not in self.approvals:
            raise Absent(f"approval {id!r} does not exist")
        return self.approvals[id]

    async def note_requesters(self, package: Digest, requesters: Sequence[str]) -> None:
        self._requesters.setdefault(package, set()).update(requesters)

    async def requesters(self, package: Digest) -> tuple[str, ...]:
        return tuple(sorted(self._requesters.get(package, ())))
