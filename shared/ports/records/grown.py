"""Which chains of the ledger have grown since they were last sealed: an index, instead of reading the whole ledger."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.events import Entity


@dataclass(frozen=True, slots=True)
class Noted:
    """`version` changes whenever the chain is noted again."""

    service: str
    entity: Entity
    version: str


class Grown(Protocol):
    """All methods raise `Unavailable`."""

    async def note(self, chains: Collection[tuple[str, Entity]]) -> None: ...

    async def read(self) -> Sequence[Noted]: ...

    async def forget(self, noted: Sequence[Noted]) -> None:
        """Those of them that were not noted again since they were read."""
        ...
