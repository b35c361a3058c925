"""Bodies of dead letters in a dictionary; nothing deletes them."""

from shared.adapters.memory.digested import Digested
from shared.ports import LetterBodies


class MemoryLetterBodies(Digested, LetterBodies):
    name = "letters"
