"""The server: what all connections share."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.config import HubConfig
from infra.local.eventhubs.protocol.connection import Connection
from infra.local.eventhubs.sas import AccessKey, Verifier
from infra.local.eventhubs.storage.durability import Policy
from infra.local.eventhubs.storage.partition_log import Retention


@dataclass(frozen=True)
class Settings:
    """What the command line says; port 0 picks a free one; without `keys` every token is good."""

    hubs: list[HubConfig]
    data: Path
    host: str = "127.0.0.1"
    port: int = 5672
    http_port: int = 5300
    keys: list[AccessKey] | None = None
    fsync: Policy = "interval"
    idle_timeout_s: float = 240.0
    retention: Retention = field(default_factory=Retention)


class EventHubsServer:
    """Shared by all connections."""

    def __init__(self, settings: Settings) -> None:
        self.idle_timeout_s = settings.idle_timeout_s
        self.verifier = Verifier(settings.keys)
        self.broker = Broker(settings.hubs, settings.data, settings.fsync, settings.retention)
        self.connections: set[Connection] = set()
        self.started_at = time.time()

    def drop_connections(self) -> int:
        """Break every connection; return how many."""
        dropped = list(self.connections)
        for connection in dropped:
            connection.drop()
        return len(dropped)

    async def close(self) -> None:
        """Tell the peers, then close the logs."""
        for connection in list(self.connections):
            connection.close("amqp:connection:forced", "the server is stopping")
        await asyncio.sleep(0)
        await self.broker.close()
