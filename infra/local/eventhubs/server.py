"""The server: what all connections share."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.config import HubConfig
from infra.local.eventhubs.identities import Identities
from infra.local.eventhubs.protocol.connection import Connection
from infra.local.eventhubs.protocol.link import Link
from infra.local.eventhubs.sas import AccessKey
from infra.local.eventhubs.storage.durability import Policy
from infra.local.eventhubs.storage.partition_log import Retention
from infra.local.eventhubs.verifier import Verifier


@dataclass(frozen=True)
class Tls:
    """Certificate and key (PEM files), and the ports of what they protect: AMQP, and AMQP over WebSockets."""

    certificate: Path
    key: Path
    port: int = 5671
    websocket_port: int = 443


@dataclass(frozen=True)
class Settings:
    """What the command line says; port 0 picks a free one; without `keys` and `identities` every token is good."""

    hubs: list[HubConfig]
    data: Path
    host: str = "127.0.0.1"
    port: int = 5672
    http_port: int = 5300
    tls: Tls | None = None
    keys: list[AccessKey] | None = None
    identities: Identities | None = None
    fsync: Policy = "interval"
    idle_timeout_s: float = 240.0
    retention: Retention = field(default_factory=Retention)


class EventHubsServer:
    """Shared by all connections."""

    def __init__(self, settings: Settings) -> None:
        self.idle_timeout_s = settings.idle_timeout_s
        self.verifier = Verifier(settings.keys, settings.identities)
        self.broker = Broker(settings.hubs, settings.data, settings.fsync, settings.retention)
        self.connections: set[Connection] = set()
        self.started_at = time.time()

    def drop_connections(self, hub: str | None = None) -> int:
        """Break every connection, or those with a link of one hub; return how many."""
        dropped = self._connections_of(hub)
        for connection in dropped:
            connection.drop()
        return len(dropped)

    def close_connections(self, condition: str, description: str, hub: str | None = None) -> int:
        """End every connection, or those with a link of one hub, with an error; return how many."""
        closed = self._connections_of(hub)
        for connection in closed:
            connection.close(condition, description)
        return len(closed)

    def _connections_of(self, hub: str | None) -> list[Connection]:
        return [each for each in self.connections if hub is None or any(link.hub == hub for link in each.links())]

    def links_of(self, hub: str) -> list[Link]:
        """Of one hub, by its name in lower case, on all connections."""
        return [link for connection in self.connections for link in connection.links() if link.hub == hub]

    async def close(self) -> None:
        """Tell the peers, then close the logs."""
        self.close_connections("amqp:connection:forced", "the server is stopping")
        await asyncio.sleep(0)
        await self.broker.close()
