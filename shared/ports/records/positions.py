"""How far each service has come in each hub partition: what a gap is measured against."""

from typing import Protocol

from shared.ports.streams.event_publisher import Hub


class Positions(Protocol):
    async def last(self, service: str, hub: Hub, partition: int) -> int | None:
        """Sequence number of the last message handled, None before the first. Raises `Unavailable`."""
        ...

    async def advance(self, service: str, hub: Hub, partition: int, sequence: int) -> None:
        """Never moves back: an older number is ignored. Raises `Unavailable`."""
        ...
