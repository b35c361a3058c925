"""Evidence in a dictionary; `reports` maps job names to the digests of their reports."""

from shared.adapters.memory.digested import Digested
from shared.ports import Evidence


class MemoryEvidence(Digested, Evidence):
    name = "evidence"

    def __init__(self) -> None:
        super().__init__()
        self.reports: dict[str, str] = {}

    async def report(self, job: str) -> str | None:
        return self.reports.get(job)
