"""Where events go out."""

from collections.abc import Sequence
from typing import Any, Protocol

from shared.events import Envelope, Hub


class EventPublisher(Protocol):
    """Sends events to a hub, in order for each entity. Returning means the hub has them."""

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        """Raises `Unavailable` (some may have arrived: send all again), or `Refused` for ever.

        That is: an event larger than a message may be, or a hub that this app never sends to. Nothing was sent then.
        """
        ...
