"""uvicorn in front of the application: a thin ASGI adapter, so that another server can take its place."""

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

from infra.local.functions_host.http.limits import is_too_long, refusal, too_long
from infra.local.functions_host.http.messages import Reply, Request
from infra.local.functions_host.http.responses import BODYLESS

Handle = Callable[[Request], Awaitable[Reply]]
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
        request = _request(scope)
        reply = refusal(scope, request)
        if reply is None and is_too_long(request):
            reply = too_long()
        if reply is None:
            # A body of unknown length never reaches a function, so it is not even awaited.
            if request.header("transfer-encoding") is None and not await _read_body(request, receive):
                return
            reply = await handle(request)
        await send({"type": "http.response.start", "status": reply.status, "headers": _sent_headers(reply)})
        await send({"type": "http.response.body", "body": reply.body})

    return app


def _sent_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Without a length the server sends the body in chunks, as the real one does; an empty one has the length 0."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    has_length = any(name == "content-length" for name, _ in reply.headers)
    if not reply.body and not has_length and reply.status not in BODYLESS:
        headers.append((b"content-length", b"0"))
    return headers


async def _read_body(request: Request, receive: Any) -> bool:
    """False when the caller went away before all of it had come."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    request.body = b"".join(parts)
    return True


def _request(scope: dict[str, Any]) -> Request:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    path, query = (scope[name].decode("latin-1") for name in ("raw_path", "query_string"))
    return Request(scope["method"], path, query, headers, b"")
