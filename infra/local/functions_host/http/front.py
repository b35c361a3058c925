"""uvicorn in front of the application: a thin ASGI adapter, so that another server can take its place."""

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

from infra.local.functions_host.http.messages import Reply, Request

Handle = Callable[[Request], Awaitable[Reply]]
_LIMIT_BYTES = 100 * 1024 * 1024
# As long as the real host's Kestrel. With uvicorn's 5 s, a client that asks after 5 s meets a connection that closes.
_KEEP_ALIVE_S = 130


class _Server(uvicorn.Server):
    """Leaves signals to the host, which has more to stop than HTTP."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(handle: Handle) -> uvicorn.Server:
    config = uvicorn.Config(
        _asgi(handle),
        http="httptools",
        timeout_keep_alive=_KEEP_ALIVE_S,
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=None,
    )
    return _Server(config)


def stop(server: uvicorn.Server, grace_s: float) -> None:
    """Take no more connections, and cut off after the grace those that still wait for an answer."""
    server.config.timeout_graceful_shutdown = max(1, int(grace_s))
    server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Bound before the app is indexed, so that its settings can know the port."""
    bound = socket.create_server((host, port), backlog=1024)
    bound.setblocking(False)
    return bound


def _asgi(handle: Handle) -> Any:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"this host does not speak {scope['type']}")
        body = await _body(receive)
        reply = Reply(413) if body is None else await handle(_request(scope, body))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    return app


async def _body(receive: Any) -> bytes | None:
    """None when it is larger than the real host takes."""
    message = await receive()
    if not message.get("more_body"):
        first: bytes = message.get("body", b"")
        return first if len(first) <= _LIMIT_BYTES else None
    body = bytearray(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LIMIT_BYTES:
            return None
    return bytes(body)


def _request(scope: dict[str, Any], body: bytes) -> Request:
    query: str = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    return Request(scope["method"], scope["path"], f"{path}?{query}" if query else path, query, headers, body)
