"""Listen for AMQP and HTTP, and let go of everything in order."""

import asyncio
import contextlib
import fcntl
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from infra.local.eventhubs.admin import Admin
from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.http import HttpConnection
from infra.local.eventhubs.protocol.connection import Connection
from infra.local.eventhubs.server import EventHubsServer, Settings, Tls
from infra.local.eventhubs.websocket import WebSocketConnection

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
    """Serve while the context lasts; yields the ports and `pid`, as written to `endpoint.json` too."""
    with _locked(settings.data):
        server = EventHubsServer(settings)
        listeners = await _listen(settings, server)
        endpoint = {name: _port(listener) for name, listener in listeners.items()} | {"pid": os.getpid()}
        path = settings.data / "endpoint.json"
        _write(path, endpoint)
        retention = asyncio.get_running_loop().create_task(_forget_regularly(server.broker))
        try:
            yield endpoint
        finally:
            retention.cancel()
            path.unlink(missing_ok=True)
            for listener in listeners.values():
                listener.close()
            await server.close()


async def _listen(settings: Settings, server: EventHubsServer) -> dict[str, asyncio.Server]:
    """What listens, by the names of the ports."""
    admin = Admin(server)

    async def on(port: int, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(protocol, settings.host, port, ssl=tls, backlog=512)

    def amqp() -> Connection:
        return Connection(server)

    listeners = {
        "port": await on(settings.port, amqp, None),
        "http_port": await on(settings.http_port, lambda: HttpConnection(admin.answer), None),
    }
    if settings.tls is None:
        return listeners
    context = _context(settings.tls)
    return listeners | {
        "tls_port": await on(settings.tls.port, amqp, context),
        "websocket_port": await on(settings.tls.websocket_port, lambda: WebSocketConnection(amqp), context),
    }


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        raise ConfigError(f"--certificate: {tls.certificate} and {tls.key} are of no use: {error}") from error
    return context


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
