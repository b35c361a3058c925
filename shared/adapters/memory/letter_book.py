"""The book of dead letters in a dictionary."""

from shared.events import DeadLettered
from shared.ports import Absent, LetterBook


class MemoryLetterBook(LetterBook):
    def __init__(self) -> None:
        self._letters: dict[str, DeadLettered] = {}

    async def keep(self, letter_id: str, letter: DeadLettered) -> None:
        self._letters[letter_id] = letter

    async def get(self, letter_id: str) -> DeadLettered:
        if letter_id not in self._letters:
            raise Absent(f"dead letter {letter_id!r} does not exist")
        return self._letters[letter_id]
