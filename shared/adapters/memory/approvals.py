"""Approvals in a dictionary."""

from shared.approvals import Approval
from shared.ports import Absent, Approvals


class MemoryApprovals(Approvals):
    def __init__(self) -> None:
        self.approvals: dict[str, Approval] = {}

    async def put(self, approval: Approval) -> None:
        self.approvals[approval.id] = approval

    async def get(self, id: str) -> Approval:
        if id not in self.approvals:
            raise Absent(f"approval {id!r} does not exist")
        return self.approvals[id]
