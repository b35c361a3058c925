"""The ends of chains as this process wrote them last: a guess that saves a read before the next decision.

The transaction that records is conditional on the end that was decided over, so that a wrong guess writes nothing; and
whatever else comes of one is done again over what the ledger holds. Two instances, a queue that filled meanwhile or a
ledger that was restored cost a repetition, never an order or a second decision.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass, replace

from shared.events import Entity, canonical
from shared.ports import Head, Progress
from shared.reactor.deciding import Case

# Of states, as canonical JSON; what Python makes of them exists for one decision only.
MOST_BYTES = 4 * 1024 * 1024
_BESIDE = 1024
_UNBEGUN = Head(state=None, hash="", length=0, version=None)


@dataclass(frozen=True, slots=True)
class _Kept:
    head: Head
    state: bytes
    size: int


class Heads:
    """Bounded in bytes; the chain that was longest not used goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, Entity], _Kept] = OrderedDict()
        self._bytes = 0
        # Whether the last event of this type began its chain: then the next one is thought to do so, too.
        self._begins: dict[tuple[str, type], bool] = {}

    def take(self, case: Case) -> Head | None:
        """A guess, to be used once: it comes back with what is written over it. None where nothing is known."""
        kept = self._forget(case)
        if kept is None:
            return _UNBEGUN if self._begins.get((case.service.name, type(case.envelope.data))) else None
        return replace(kept.head, state=json.loads(kept.state))

    def keep(self, case: Case, written: Progress) -> None:
        """What was just written. Kept only where nothing is open and nothing waits: all else has to be looked at."""
        self._forget(case)  # what waited is seen to without a guess, and what finishes one decision begins another
        head = written.head
        self._begins[case.service.name, type(case.envelope.data)] = written.entry.position == 0
        if head is None or head.open or head.waiting:
            return
        state = canonical(head.state)
        size = len(state) + _BESIDE
        if size > self._most // 16:
            return
        self._kept[case.service.name, case.entity] = _Kept(replace(head, state=None), state, size)
        self._bytes += size
        while self._bytes > self._most:
            self._bytes -= self._kept.popitem(last=False)[1].size

    def _forget(self, case: Case) -> _Kept | None:
        kept = self._kept.pop((case.service.name, case.entity), None)
        self._bytes -= kept.size if kept else 0
        return kept
