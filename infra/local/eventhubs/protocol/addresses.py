"""What a link's address means: `hub`, `hub/Partitions/1`, `hub/Publishers/p`, `hub/ConsumerGroups/g/Partitions/1`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.local.eventhubs.broker import Refused


@dataclass(frozen=True)
class ProducerAddress:
    """Where a producer sends: a hub, one partition of it, or as a publisher."""

    hub: str
    partition: str | None = None
    publisher: str | None = None


@dataclass(frozen=True)
class ConsumerAddress:
    """What a consumer reads."""

    hub: str
    group: str
    partition: str


def node_of(address: str) -> list[str]:
    """Path segments, without scheme and host if there are any."""
    path = urlsplit(address).path if "://" in address else address
    return path.strip("/").split("/")


def producer_address(address: str) -> ProducerAddress:
    """Raise `Refused` when it is no such address."""
    match node_of(address):
        case [hub] if hub:
            return ProducerAddress(hub)
        case [hub, kind, partition] if kind.lower() == "partitions":
            return ProducerAddress(hub, partition=partition)
        case [hub, kind, publisher] if kind.lower() == "publishers":
            return ProducerAddress(hub, publisher=publisher)
    raise Refused("amqp:not-found", f"'{address}' is not an address to send to")


def consumer_address(address: str) -> ConsumerAddress:
    """Raise `Refused` when it is no such address."""
    match node_of(address):
        case [hub, groups, group, partitions, partition] if (
            groups.lower() == "consumergroups" and partitions.lower() == "partitions"
        ):
            return ConsumerAddress(hub, group, partition)
    raise Refused("amqp:not-found", f"'{address}' is not an address to receive from")
