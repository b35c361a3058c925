"""State folded from row streams: one state for each (service, hub partition), with the last sequence number in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.ports.streams.event_publisher import Hub


@dataclass(frozen=True, slots=True)
class Folded:
    """`sequence` is the last message folded in, -1 before the first; `version` the compare-and-swap token."""

    state: Mapping[str, Any]
    sequence: int = -1
    version: str | None = None


class Folds(Protocol):
    """At most 800 KB of JSON for each state. All methods raise `Unavailable`."""

    async def read(self, service: str, hub: Hub, partition: int) -> Folded: ...

    async def write(self, service: str, hub: Hub, partition: int, folded: Folded) -> None:
        """State and sequence number in one step; raises `Moved` if `folded.version` is not the present one."""
        ...

    async def all(self, service: str, hub: Hub) -> Sequence[Folded]:
        """The states of all partitions seen so far."""
        ...
