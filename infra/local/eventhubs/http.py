"""A very small HTTP/1.1 server for health and administration: one request at a time, JSON in, JSON out."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

_LONGEST = 64 * 1024

type Answer = tuple[HTTPStatus, object]
type Handler = Callable[[str, str, bytes], Answer]


class HttpConnection(asyncio.Protocol):
    """Collects a request, hands method, path and body over, writes the answer as JSON."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1").split("\r\n")
            length = _content_length(head)
            if length is None or length > _LONGEST:
                self._write(HTTPStatus.BAD_REQUEST, {"error": "a Content-Length up to 65536 is expected"})
                self._transport.close()
                return
            body_at = end + 4
            if len(self._buffer) < body_at + length:
                return
            body, self._buffer = self._buffer[body_at : body_at + length], self._buffer[body_at + length :]
            self._respond(head, body)
        if len(self._buffer) > _LONGEST * 2:
            self._transport.close()

    def _respond(self, head: list[str], body: bytes) -> None:
        method, _, rest = head[0].partition(" ")
        path = rest.split(" ")[0].split("?")[0]
        self._write(*self._handler(method, path, body))
        if any(line.lower().replace(" ", "") == "connection:close" for line in head):
            self._transport.close()

    def _write(self, status: HTTPStatus, content: object) -> None:
        body = json.dumps(content).encode() + b"\n"
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def _content_length(head: list[str]) -> int | None:
    """0 when there is none, None when it is not a number."""
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-length":
            return int(value) if value.strip().isdecimal() else None
    return 0
