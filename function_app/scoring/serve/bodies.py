"""How much of unfinished bodies all connections together may hold: slow clients must not fill the memory of others."""

from .memory import give_back

# Freed since memory was last given back: less is not worth a walk over the heap.
_WORTH_GIVING_BACK = 16 << 20


class BodyBudget:
    """`held` bytes have come of bodies that have not ended. What was declared and has not come costs nothing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._freed = 0
        self.held = 0

    def move(self, before: int, after: int) -> bool:
        """One connection held `before` bytes and would hold `after`; False when there is no room for them."""
        if after > before and self.held + after - before > self._most:
            return False
        self.held += after - before
        self._freed += max(0, before - after)
        return True

    def settle(self) -> None:
        """To be called now and then: what large bodies left behind in the C library goes back to the machine."""
        if self._freed >= _WORTH_GIVING_BACK:
            self._freed = 0
            give_back()
