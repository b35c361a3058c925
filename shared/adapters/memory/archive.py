"""The archive in a dictionary."""

from shared.adapters.memory.digested import Digested
from shared.ports import Archive


class MemoryArchive(Digested, Archive):
    name = "archive"
