"""Listen for AMQP and HTTP, and let go of everything in order."""

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from infra.local.eventhubs.admin import Admin
from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.http import HttpConnection
from infra.local.eventhubs.protocol.connection import Connection
from infra.local.eventhubs.server import EventHubsServer, Settings

_RETENTION_EVERY_S = 3600.0


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
