"""How far the Functions host has come in each hub partition: where it begins to deliver, whatever we have handled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.ports.streams.event_publisher import Hub


@dataclass(frozen=True, slots=True)
class HostCheckpoint:
    """`sequence` is the last message delivered, None where the host wrote none; `version` the compare-and-swap token.

    `written_at` is by the clock of the host's storage account.
    """

    hub: Hub
    group: str
    partition: int
    sequence: int | None
    written_at: datetime
    version: str


class HostCheckpoints(Protocol):
    """Both methods raise `Unavailable`."""

    async def of(self, hub: Hub) -> Sequence[HostCheckpoint]:
        """Of all groups, in the hub's own namespace."""
        ...

    async def forget(self, checkpoint: HostCheckpoint) -> None:
        """The host begins anew there. Raises `Moved` when it was written since; one that is gone is gone."""
        ...
