"""One TCP connection: headers, SASL, open and close, and what its tokens allow."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Protocol, cast

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.frames import (
    AMQP_HEADER,
    EMPTY_FRAME,
    MAX_FRAME_SIZE,
    SASL,
    SASL_HEADER,
    Frame,
    FrameBuffer,
    frame,
)
from infra.local.eventhubs.amqp.values import DecodeError
from infra.local.eventhubs.broker import Broker
from infra.local.eventhubs.protocol.claims import Claims
from infra.local.eventhubs.protocol.link import Link
from infra.local.eventhubs.protocol.session import Session
from infra.local.eventhubs.protocol.tracking import error, tracking_id
from infra.local.eventhubs.verifier import Verifier

# Stop delivering when so much waits for the socket, go on when half of it is gone.
_CONGESTED_BYTES = 4 * 1024 * 1024
_log = logging.getLogger(__name__)


class Owner(Protocol):
    """What all connections share."""

    broker: Broker
    verifier: Verifier
    idle_timeout_s: float
    connections: set["Connection"]


class Connection(asyncio.Protocol):
    """State of one peer; `congested` while its socket is behind."""

    def __init__(self, server: Owner) -> None:
        self.broker: Broker = server.broker
        self.claims = Claims(server.verifier, self._on_expired)
        self.peer_max_frame_size = MAX_FRAME_SIZE
        self.congested = False
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._frames = FrameBuffer()
        self._sessions: dict[int, Session] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._outgoing: list[bytes] = []
        self._heard_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it
        self._transport.set_write_buffer_limits(high=_CONGESTED_BYTES)
        self._server.connections.add(self)
        self._heard_at = self._loop.time()
        self._watch_silence()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self.claims.release()
        for timer in self._timers.values():
            timer.cancel()
        for session in self._sessions.values():
            session.release()
        self._sessions.clear()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        try:
            for received in self._frames.feed(data):
                if isinstance(received, bytes):
                    self._on_header(received)
                elif received is not None:
                    self._on_frame(received)
        except DecodeError as failure:
            _log.warning("closing a connection: %s", failure)
            self.close("amqp:decode-error", str(failure))

    def _on_header(self, header: bytes) -> None:
        if header == SASL_HEADER:
            mechanisms = performatives.sasl_mechanisms("MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL")
            self.send(SASL_HEADER, frame(0, mechanisms, kind=SASL))
        elif header == AMQP_HEADER:
            self.send(AMQP_HEADER)
        else:
            self.send(AMQP_HEADER)
            raise DecodeError("only AMQP 1.0, with or without SASL, is spoken here")

    def _on_frame(self, received: Frame) -> None:
        match received.code:
            case performatives.SASL_INIT:
                self.send(frame(0, performatives.sasl_outcome(), kind=SASL))
            case performatives.OPEN:
                self._on_open(received.fields(10))
            case performatives.BEGIN:
                self._sessions[received.channel] = Session(self, received.channel, received.fields(8))
                self.send(frame(received.channel, performatives.begin(received.channel)))
            case performatives.END:
                self._on_end(received.channel)
            case performatives.CLOSE:
                self.send(frame(0, performatives.close()))
                self._finish()
            case _:
                self._on_session_frame(received)

    def _on_end(self, channel: int) -> None:
        session = self._sessions.pop(channel, None)
        if session is not None:
            session.release()
            self.send(frame(channel, performatives.end()))

    def _on_session_frame(self, received: Frame) -> None:
        session = self._sessions.get(received.channel)
        if session is not None:
            session.handle_frame(received)
        elif received.code in (performatives.ATTACH, performatives.TRANSFER):
            raise DecodeError(f"performative 0x{received.code:02x} on channel {received.channel}, which has no session")
        # Anything else is a late frame: the Python SDK detaches its links after it ended their session.

    def _on_open(self, fields: list[object]) -> None:
        size, idle_ms = fields[2], fields[4]
        if isinstance(size, int):
            self.peer_max_frame_size = max(512, min(size, MAX_FRAME_SIZE))
        # Half of what is granted, as AMQP advises and Azure does: a peer that is on time is never too late.
        idle_timeout_ms = int(self._server.idle_timeout_s * 1000 / 2)
        self.send(frame(0, performatives.open_(tracking_id(), MAX_FRAME_SIZE, idle_timeout_ms)))
        if isinstance(idle_ms, int) and idle_ms > 0:
            self._keep_alive(idle_ms / 2000)

    def _keep_alive(self, every_s: float) -> None:
        self.send(EMPTY_FRAME)
        self._timers["keep-alive"] = self._loop.call_later(every_s, self._keep_alive, every_s)

    def _watch_silence(self) -> None:
        """Close a connection that was silent for the idle time-out."""
        silent_s = self._loop.time() - self._heard_at
        if silent_s >= self._server.idle_timeout_s:
            allowed = f"the allowed {self._server.idle_timeout_s * 1000:.0f} milliseconds"
            said = f"The connection was inactive for more than {allowed} and is closed by container 'LinkTracker'."
            self.close("amqp:connection:forced", said)
            return
        left_s = self._server.idle_timeout_s - silent_s
        self._timers["silence"] = self._loop.call_later(left_s, self._watch_silence)

    def send(self, *pieces: bytes) -> None:
        """Queue bytes; one write takes all that one turn of the event loop produced."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.extend(pieces)

    def _flush(self) -> None:
        pieces, self._outgoing = self._outgoing, []
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        for session in self._sessions.values():
            session.wake()

    def links(self) -> Iterator[Link]:
        """All links of all sessions."""
        for session in self._sessions.values():
            yield from session.links.values()

    def _on_expired(self) -> None:
        for link in list(self.links()):
            if link.needs is not None and not self.claims.allow(link.needs[0], (link.needs[1],)):
                link.fail("amqp:unauthorized-access", "ExpiredToken: the token has expired")

    def close(self, condition: str, description: str) -> None:
        """Say why, then hang up."""
        self.send(frame(0, performatives.close(error(condition, description))))
        self._finish()

    def _finish(self) -> None:
        self._flush()
        self._transport.close()

    def drop(self) -> None:
        """Hang up in the middle of things, as a broken network does."""
        self._transport.abort()
