"""The policy on record, in a variable."""

from shared.ports import Moved, PolicyBook, PolicyOnRecord


class MemoryPolicyBook(PolicyBook):
    def __init__(self) -> None:
        self._last: PolicyOnRecord | None = None

    async def last(self) -> PolicyOnRecord | None:
        return self._last

    async def put(self, policy: PolicyOnRecord) -> None:
        if policy == self._last:
            return
        if policy.number != (self._last.number if self._last else 0) + 1:
            raise Moved(f"policy {policy.number}: another one is on record")
        self._last = policy
