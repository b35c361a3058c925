"""Bodies of dead letters in a dictionary; nothing deletes them."""

from shared.adapters.memory.digested import Digested


class MemoryLetterBodies(Digested):
    name = "letters"
