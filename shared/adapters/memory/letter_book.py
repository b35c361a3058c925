"""The book of dead letters in a dictionary."""

from datetime import datetime

from shared.adapters.memory.clock import ManualClock
from shared.events import DeadLettered
from shared.ports import Absent, Clock, LetterBook


class MemoryLetterBook(LetterBook):
    """`clock` is the store's."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._letters: dict[str, tuple[DeadLettered, datetime]] = {}
        self._clock = clock or ManualClock()

    async def keep(self, letter_id: str, letter: DeadLettered) -> None:
        self._letters[letter_id] = letter, self._clock.now()

    async def get(self, letter_id: str) -> DeadLettered:
        if letter_id not in self._letters:
            raise Absent(f"dead letter {letter_id!r} does not exist")
        return self._letters[letter_id][0]

    async def forget(self, before: datetime, most: int) -> int:
        old = [letter_id for letter_id, (_, at) in self._letters.items() if at < before][:most]
        for letter_id in old:
            del self._letters[letter_id]
        return len(old)
