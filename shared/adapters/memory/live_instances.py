"""Live instances, out of folded states in memory."""

from shared.ports import LiveInstances
from shared.serving import FoldedInstances


class MemoryLiveInstances(FoldedInstances, LiveInstances):
    """Asks for the store of folded states, whichever that is."""
