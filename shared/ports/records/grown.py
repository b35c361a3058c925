"""Which chains of the ledger have grown since they were last sealed: an index, instead of reading the whole ledger."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.events import Entity


@dataclass(frozen=True, slots=True)
class End:
    """The end of a chain: what follows its entry number `length`, counted from one, names `hash`.

    The same entry has another hash once it is settled, and two ends therefore.
    """

    service: str
    entity: Entity
    length: int
    settled: bool
    hash: str


class Grown(Protocol):
    """Ends lie beside each other, so that no late writer hides a later end. All methods raise `Unavailable`."""

    async def note(self, ends: Collection[End]) -> None: ...

    async def read(self) -> Sequence[End]: ...

    async def forget(self, ends: Sequence[End]) -> None: ...
