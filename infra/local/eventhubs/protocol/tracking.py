"""What Azure puts behind every error's text, so that its support can find the request again."""

from datetime import UTC, datetime
from uuid import uuid4

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.values import Described


def tracking_id() -> str:
    """A new one, in the shape of Azure's: the last part names the gateway's instance."""
    return f"{uuid4().hex.upper()}_G0"


def tracked(description: str) -> str:
    """The text with a tracking id and the time."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{description} TrackingId:{tracking_id()}, SystemTracker:sluice-eventhubs, Timestamp:{now}"


def error(condition: str, description: str) -> Described:
    """An AMQP error with a tracked text."""
    return performatives.error(condition, tracked(description))
