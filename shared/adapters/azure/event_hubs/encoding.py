"""Our events as a hub's messages."""

from typing import Any

from shared.adapters.azure.event_hubs.message import OutgoingMessage
from shared.events import Envelope, encode
from shared.ports import Hub


def message_of(hub: Hub, envelope: Envelope[Any]) -> OutgoingMessage:
    return OutgoingMessage(envelope.id, _partition_key(hub, envelope), encode(envelope))


def _partition_key(hub: Hub, envelope: Envelope[Any]) -> str | None:
    """Blocks of predictions merge in any order, so an endpoint's are spread over all partitions."""
    return None if hub == "predictions" else envelope.data.entity.partition_key
