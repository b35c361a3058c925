"""Which dead letters control itself has buried: nobody can have something done again that was never there."""

from datetime import datetime
from typing import Protocol

from shared.events import DeadLettered


class LetterBook(Protocol):
    """By the id of the event `mlops.event.dead_lettered`."""

    async def keep(self, letter_id: str, letter: DeadLettered) -> None:
        """Keeping the same letter again changes nothing. Raises `Unavailable`."""
        ...

    async def get(self, letter_id: str) -> DeadLettered:
        """Raises `Absent` or `Unavailable`."""
        ...

    async def forget(self, before: datetime, most: int) -> int:
        """Delete so many letters, at most, that were kept last before that by the store's clock; how many there were.

        Raises `Unavailable`.
        """
        ...
