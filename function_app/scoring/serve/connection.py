"""One client connection: HTTP/1.1 by httptools, answers in the order of the requests, nothing trusted.

Errors that leave the position in the stream unknown are answered, if they can be, and end the connection.
"""

import asyncio
from collections import deque
from typing import Protocol, cast

import httptools

from services.scoring import Problem

from .bodies import BodyBudget
from .exchange import FIELD_BYTES, Exchange, head_too_large
from .fields import HEADERS
from .heads import Heads
from .limits import HttpLimits
from .responses import ResponseWriter

# Between two requests. The parser never calls back then, so the type need not allow for it.
_NOBODY = cast(Exchange, None)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Host(Protocol):
    """Who takes this process's connections and their requests. `tick` counts up while it runs."""

    limits: HttpLimits
    bodies: BodyBudget
    heads: Heads
    writer: ResponseWriter
    draining: bool
    tick: int

    def admit(self, connection: "Connection") -> bool: ...

    def forget(self, connection: "Connection") -> None: ...

    def dispatch(self, exchange: Exchange) -> None: ...

    def observe(self, exchange: Exchange) -> None: ...

    def turn_over(self) -> None: ...


class Connection(asyncio.Protocol):
    """`since` is the host's tick when the present wait began, `waits_for` for what; the sweep looks at both."""

    __slots__ = (
        "_closing",
        "_current",
        "_ended",
        "_head_bytes",
        "_held",
        "_host",
        "_is_full",
        "_parser",
        "_queue",
        "_transport",
        "since",
        "waits_for",
    )

    def __init__(self, host: Host) -> None:
        self._host = host
        self._queue: deque[Exchange] = deque()
        self._current = _NOBODY
        self._closing = self._is_full = self._ended = False
        self._head_bytes = self._held = 0
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.waits_for = "idle"
        self.since = host.tick

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._host.admit(self):
            self._fail(Problem(503, "too many connections", retry_after_s=1))

    def connection_lost(self, exc: Exception | None) -> None:
        """Parser and connection know each other: cut, so that a client that goes is freed at once and not by chance."""
        self._closing = True
        self._queue.clear()
        self._parser = cast(httptools.HttpRequestParser, None)
        self._current = _NOBODY
        self._hold(0)
        self._host.forget(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        between = self._current is _NOBODY
        if between and (known := self._host.heads.find(data)) is not None:
            self.waits_for = "answer"
            self._accept(known.again(self, data))
            return self._host.turn_over()
        self._ended = False
        try:
            self._parser.feed_data(data)
            if between and self._current is _NOBODY and self._queue:
                self._host.heads.learn(data, self._queue[-1])
            else:
                self._bound(len(data))
        except httptools.HttpParserUpgrade:
            pass  # refused when its headers were complete; what follows is not read
        except httptools.HttpParserError as error:
            self._fail(Problem(400, f"malformed request: {error}"))
        self._host.turn_over()

    def _bound(self, size: int) -> None:
        """A request has not ended, or one that began before has. The parser holds an unfinished field of a head back,
        however long; and the unfinished bodies of all connections have one budget.
        """
        if self.waits_for == "head":
            # Of what was received with the end of an earlier request, nobody knows how much is this one's.
            self._head_bytes += 0 if self._ended else size
            if self._head_bytes > 2 * self._host.limits.head_bytes:
                self._fail(head_too_large(self._host.limits))
        if not self._hold(self._current.held_bytes if self._current is not _NOBODY else 0):
            self._fail(Problem(503, "too many bodies are under way", retry_after_s=1))

    def _bound_unread(self) -> None:
        """Short requests that were received before reading was paused may have long answers, which nobody takes."""
        if self._transport.get_write_buffer_size() > self._host.limits.unread_bytes:
            self._closing = True
            self._transport.abort()

    def _hold(self, size: int) -> bool:
        if size != self._held:
            if not self._host.bodies.move(self._held, size):
                return False
            self._held = size
        return True

    def eof_received(self) -> bool:
        """A client may close its side once it has asked: what it asked for is still answered."""
        self._closing = True
        return bool(self._queue)

    def pause_writing(self) -> None:
        self._is_full = True
        self._wait_for("writing")
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        self._wait_for("idle")
        self._transport.resume_reading()

    # httptools callbacks, called from within `feed_data`

    def on_message_begin(self) -> None:
        if self._is_full:
            self._bound_unread()
        self._current = Exchange(self)
        self._head_bytes = 0
        self.waits_for, self.since = "head", self._host.tick

    def on_url(self, url: bytes) -> None:
        exchange = self._current
        exchange.url += url
        exchange.head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        exchange = self._current
        exchange.head_bytes += len(name) + len(value) + FIELD_BYTES
        take = HEADERS.get(name.lower())
        if take is not None:
            take(exchange, value)

    def on_headers_complete(self) -> None:
        exchange, parser = self._current, self._parser
        exchange.method = parser.get_method()
        exchange.keep_alive = parser.should_keep_alive()
        exchange.headers_complete(parser.get_http_version(), self._host.limits)
        if parser.should_upgrade():
            exchange.refuse_upgrade()
        self.waits_for, self.since = "body", self._host.tick
        if exchange.problem is not None and not exchange.may_read_on:
            self._fail(exchange.problem)
        elif exchange.expects_continue:
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        exchange = self._current
        if self._closing:
            return
        exchange.add(body, self._host.limits)
        if exchange.problem is not None and not exchange.may_read_on:
            self._fail(exchange.problem)

    def on_message_complete(self) -> None:
        exchange, self._current = self._current, _NOBODY
        self.waits_for, self._ended = "answer", True
        exchange.complete()
        if self._closing:
            return
        self._accept(exchange)

    def _accept(self, exchange: Exchange) -> None:
        if not exchange.keep_alive:
            self._closing = True
        self._queue.append(exchange)
        if len(self._queue) >= self._host.limits.pipelined:
            self._transport.pause_reading()
        self._host.dispatch(exchange)

    # answers

    def answered(self) -> None:
        """Write every answer whose turn it is."""
        queue, transport, host = self._queue, self._transport, self._host
        if not 1 == len(queue) < host.limits.pipelined or self._closing or host.draining:
            return self._answer_in_turn()
        # The common case: nobody waits behind this answer, and the connection stays.
        exchange = queue[0]
        if (answer := exchange.answer) is not None and not transport.is_closing():
            queue.popleft()
            self.waits_for, self.since = "idle", host.tick
            transport.write(host.writer.write(answer, False, exchange.method == b"HEAD"))

    def _answer_in_turn(self) -> None:
        queue, transport, host = self._queue, self._transport, self._host
        was_full = len(queue) >= host.limits.pipelined
        while queue and (answer := queue[0].answer) is not None:
            exchange = queue.popleft()
            last = not exchange.keep_alive or (host.draining and not queue)
            if not transport.is_closing():
                transport.write(host.writer.write(answer, close=last, without_body=exchange.method == b"HEAD"))
            if last:
                self._closing = True
                transport.close()
                return
        if not queue:
            self._wait_for("idle")
            if self._closing:
                transport.close()
        if was_full and len(queue) < host.limits.pipelined and self.waits_for != "writing":
            transport.resume_reading()

    def _fail(self, problem: Problem) -> None:
        """Answer after those that came before, then close: what follows in the stream cannot be read."""
        if self._closing:
            return
        self._closing = True
        exchange = self._current or Exchange(self)
        exchange.drop_body()
        self._hold(0)
        exchange.keep_alive = False
        self._host.observe(exchange)
        self._queue.append(exchange)
        exchange.reply(problem.answer())

    def expire(self) -> None:
        """The sweep found that this wait took too long."""
        if self.waits_for in ("head", "body") and not self._closing:
            self._fail(Problem(408, f"the {self.waits_for} of the request took too long"))
        elif self._is_full:
            self._transport.abort()
        else:
            self._transport.close()

    @property
    def is_idle(self) -> bool:
        return not self._queue and self._current is _NOBODY

    def close(self) -> None:
        self._transport.close()

    def _wait_for(self, what: str) -> None:
        self.waits_for, self.since = what, self._host.tick
