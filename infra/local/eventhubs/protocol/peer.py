"""What a link sees of what it hangs on: the channel of its session, and the connection that hosts that."""

from typing import Protocol

from infra.local.eventhubs.amqp.performatives import TransferEncoder
from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.sas import Claim, Verifier


class Host(Protocol):
    """One connection: the hubs behind it, what its tokens allow, and whether its socket is behind."""

    broker: Broker
    verifier: Verifier
    congested: bool

    def grant(self, claim: Claim) -> None:
        """Remember what a token allows."""

    def demand(self, hub: str, *rights: str) -> None:
        """Raise `Refused` unless a token carries one of the rights for the hub."""


class Replies(Protocol):
    """Where the answers of a node go."""

    def reply(self, message: bytes) -> None:
        """Send as soon as the peer allows."""


class Channel(Protocol):
    """One session; `room` is the number of transfer frames that the peer will still take."""

    room: int

    @property
    def connection(self) -> Host:
        """The connection that it belongs to."""

    def send(self, performative: bytes) -> None:
        """One frame without payload."""

    def send_flow(self, handle: int | None, delivery_count: int, credit: int, drain: bool = False) -> None:
        """The session's numbers, and a link's when a handle is given."""

    def send_disposition(self, delivery: int, state: Described) -> None:
        """Settle one incoming delivery."""

    def send_delivery(self, encoder: TransferEncoder, message: bytes) -> None:
        """One message in as many transfer frames as it takes."""

    def reply_link(self, node: str, reply_to: str | None) -> Replies | None:
        """Where replies of `node` go, if the peer listens to them."""
