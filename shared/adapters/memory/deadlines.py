"""Deadlines in a dictionary."""

from collections.abc import Sequence
from datetime import datetime

from shared.events import Entity
from shared.ports import Deadline, Deadlines


class MemoryDeadlines(Deadlines):
    def __init__(self) -> None:
        self._deadlines: dict[tuple[str, Entity, str], Deadline] = {}

    async def set(self, deadline: Deadline) -> None:
        self._deadlines[deadline.service, deadline.entity, deadline.key] = deadline

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Deadline]:
        due = [deadline for deadline in self._deadlines.values() if deadline.at <= now]
        return sorted(due, key=lambda deadline: deadline.at)[:limit]

    async def clear(self, deadlines: Sequence[Deadline]) -> None:
        for deadline in deadlines:
            key = deadline.service, deadline.entity, deadline.key
            kept = self._deadlines.get(key)
            if kept is not None and kept.at == deadline.at:
                del self._deadlines[key]
