"""The server: listens for AMQP and HTTP, and lets go of everything in order when it stops."""

import asyncio
import contextlib
import fcntl
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.eventhubs.admin import Admin
from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.config import ConfigError, HubConfig
from infra.local.eventhubs.http import HttpConnection
from infra.local.eventhubs.protocol.connection import Connection
from infra.local.eventhubs.sas import AccessKey, Verifier
from infra.local.eventhubs.storage.durability import Policy
from infra.local.eventhubs.storage.partition_log import Retention

_RETENTION_EVERY_S = 3600.0


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


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Keep a second server off the same data."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"--data: another server uses {data}") from error
        yield


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[dict[str, int]]:
    """Serve while the context lasts; yields `port`, `http_port` and `pid`, as written to `endpoint.json` too."""
    loop = asyncio.get_running_loop()
    with _locked(settings.data):
        server = EventHubsServer(settings)
        admin = Admin(server)
        amqp = await loop.create_server(lambda: Connection(server), settings.host, settings.port, backlog=512)
        http = await loop.create_server(lambda: HttpConnection(admin.answer), settings.host, settings.http_port)
        endpoint = {"port": _port(amqp), "http_port": _port(http), "pid": os.getpid()}
        path = settings.data / "endpoint.json"
        _write(path, endpoint)
        retention = loop.create_task(_forget_regularly(server.broker))
        try:
            yield endpoint
        finally:
            retention.cancel()
            path.unlink(missing_ok=True)
            amqp.close()
            http.close()
            await server.close()


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def _write(path: Path, endpoint: dict[str, int]) -> None:
    """In one step, so that nobody reads half a file."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(endpoint))
    unfinished.replace(path)


async def _forget_regularly(broker: Broker) -> None:
    while True:
        broker.forget_aged()
        await asyncio.sleep(_RETENTION_EVERY_S)
