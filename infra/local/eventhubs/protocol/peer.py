"""What a link sees of what it hangs on: the channel of its session, and the connection that hosts that."""

from typing import Protocol

from infra.local.eventhubs.amqp.performatives import TransferEncoder
from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.protocol.claims import Claims


class Host(Protocol):
    """One connection: the hubs behind it, what its tokens allow, and whether its socket is behind."""

    broker: Broker
    claims: Claims
    congested: bool


class Sending(Protocol):
    """A link that deliveries go out on."""

    handle: int
    encoder: TransferEncoder


class Replies(Protocol):
    """Where the answers of a node go."""

    def reply(self, message: bytes) -> None:
        """Send as soon as the peer allows."""


class Channel(Protocol):
    """One session."""

    @property
    def room(self) -> int:
        """Number of transfer frames that the peer will still take."""

    @property
    def connection(self) -> Host:
        """The connection that it belongs to."""

    def send(self, performative: bytes) -> None:
        """One frame without payload."""

    def send_flow(self, handle: int | None, delivery_count: int, credit: int, drain: bool = False) -> None:
        """The session's numbers, and a link's when a handle is given."""

    def send_disposition(self, delivery: int, state: Described) -> None:
        """Settle one incoming delivery."""

    def send_delivery(self, link: Sending, message: bytes) -> None:
        """One message in as many transfer frames as it takes; those beyond the peer's window wait."""

    def drop_waiting(self, handle: int) -> None:
        """Its link is gone: forget the frames that wait."""

    def reply_link(self, node: str, reply_to: str | None) -> Replies | None:
        """Where replies of `node` go, if the peer listens to them."""
