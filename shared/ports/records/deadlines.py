"""Reminders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.events import Entity


@dataclass(frozen=True, slots=True)
class Deadline:
    """`service` wants to hear of `entity` at `at`; `key` tells several reminders of one entity apart.

    `cause` is the id and `correlation` the chain of the event that asked for it.
    """

    service: str
    entity: Entity
    key: str
    at: datetime
    cause: str
    correlation: str


class Deadlines(Protocol):
    """Setting the same (service, entity, key) again moves it. All methods raise `Unavailable`."""

    async def set(self, deadline: Deadline) -> None: ...

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Deadline]:
        """The earliest first. What is stored and cannot be read is logged and left out."""
        ...

    async def clear(self, deadlines: Sequence[Deadline]) -> None:
        """Forget these, but for each that was moved to another time meanwhile."""
        ...
