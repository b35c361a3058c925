"""Live instances, out of folded states in tables."""

from shared.ports import LiveInstances
from shared.serving import FoldedInstances


class TableLiveInstances(FoldedInstances, LiveInstances):
    """Asks for the store of folded states, whichever that is."""
