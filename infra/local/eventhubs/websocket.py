"""AMQP over WebSockets (RFC 6455): a handshake, then binary messages that hold a connection's bytes, both ways.

How a peer cuts its bytes into messages and fragments means nothing to AMQP, so nothing is put together again.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import cast

from infra.local.eventhubs.websocket_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, Broken, Frames, frame

PATH = "/$servicebus/websocket"
PROTOCOLS = ("AMQPWSB10", "amqp")
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LONGEST_HEAD = 16 * 1024
_NORMAL, _PROTOCOL_ERROR, _UNSUPPORTED = 1000, 1002, 1003


class Refused(Exception):
    """The request is not one for AMQP over WebSockets; holds the status line's end."""


class WebSocketConnection(asyncio.Protocol):
    """Shakes hands, then is the transport of a connection that knows nothing of WebSockets."""

    def __init__(self, make: Callable[[], asyncio.Protocol]) -> None:
        self._make = make
        self._head = b""
        self._frames = Frames()
        self._inner: asyncio.Protocol | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._inner is None:
            self._shake_hands(data)
            return
        try:
            for opcode, payload in self._frames.feed(data):
                self._on_frame(self._inner, opcode, payload)
        except Broken:
            self._end(_PROTOCOL_ERROR)

    def _shake_hands(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end and len(self._head) < _LONGEST_HEAD:
            return
        try:
            self._transport.write(_answer(head.decode("latin-1").split("\r\n")))
        except Refused as refusal:
            self._transport.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            self._transport.close()
            return
        self._inner = self._make()
        self._inner.connection_made(Tunnel(self._transport))
        if rest:
            self.data_received(rest)

    def _on_frame(self, inner: asyncio.Protocol, opcode: int, payload: bytes) -> None:
        if opcode in (BINARY, CONTINUATION):
            inner.data_received(payload)
        elif opcode == PING:
            self._transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self._end(_NORMAL)
        elif opcode != PONG:
            self._end(_UNSUPPORTED)

    def _end(self, code: int) -> None:
        self._transport.write(frame(CLOSE, code.to_bytes(2)))
        self._transport.close()


class Tunnel(asyncio.Transport):
    """What the connection writes goes out as binary messages."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._transport.write(frame(BINARY, bytes(data)))

    def close(self) -> None:
        self._transport.write(frame(CLOSE, _NORMAL.to_bytes(2)))
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)


def _answer(lines: list[str]) -> bytes:
    """What completes the handshake; raise `Refused`."""
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    method, _, target = lines[0].partition(" ")
    if method != "GET" or target.split(" ")[0].split("?")[0].rstrip("/") != PATH:
        raise Refused("404 Not Found")
    key = headers.get("sec-websocket-key", "")
    if headers.get("upgrade", "").lower() != "websocket" or not key:
        raise Refused("426 Upgrade Required")
    offered = [each.strip() for each in headers.get("sec-websocket-protocol", "").split(",")]
    chosen = next((each for each in offered if each in PROTOCOLS), None)
    if chosen is None:
        raise Refused("400 Bad Request")
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()  # noqa: S324 - as the RFC has it
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {chosen}\r\n\r\n".encode()
