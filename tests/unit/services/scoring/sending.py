"""An instance that tells a hub, and what the hub heard."""

from collections.abc import Sequence
from typing import Any

from services.scoring.instance.outgoing import Outgoing
from shared.events import (
    Envelope,
    decode,
    encode,
)
from shared.ports import EventPublisher, Hub
from tests.support.onnx_models import ENDPOINT
from tests.support.scoring import Bench


class Hubs:
    """Says no as hubs do that are away or that will not have it, until `error` is taken away."""

    def __init__(self, behind: EventPublisher, error: Exception) -> None:
        self.behind = behind
        self.error: Exception | None = error

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        if self.error is not None:
            raise self.error
        await self.behind.publish(hub, envelopes)


def outgoing(bench: Bench, publisher: EventPublisher | None = None) -> Outgoing:
    return Outgoing(ENDPOINT, "one-1", publisher or bench.publisher, bench.clock)


def heard(bench: Bench, kind: type) -> list[Any]:
    """What arrived of this type, as a reader decodes it."""
    envelopes = [decode(encode(each)) for each in bench.publisher.published["predictions"]]
    return [each.data for each in envelopes if isinstance(each.data, kind)]
