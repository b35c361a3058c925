"""One server process: accepts, dispatches, sweeps away the slow, and drains when it is told to end."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from services.scoring import FlushedByDoor, InferenceServer

from .bodies import BodyBudget
from .connection import Connection
from .exchange import Exchange
from .heads import Heads
from .limits import HttpLimits
from .listening import stop_listening
from .observing import Observer
from .responses import ResponseWriter
from .routes import Ask, Infer, Routes, not_allowed, not_found

logger = logging.getLogger("sluice.scoring")

_LONGEST_DRAIN_S = 30.0
# The clock of all waits: reading the time for every request would cost more than it is worth.
_TICK_S = 0.5
_SHORT_TICKS = 2


class Server:
    """`drain_s` is how long it still listens after it was told to end, while load balancers learn of it.

    `batching` is that of the scorer.
    """

    def __init__(
        self,
        scorer: InferenceServer,
        routes: Routes,
        limits: HttpLimits,
        batching: FlushedByDoor[Connection],
        drain_s: float = 0.5,
        observer: Observer | None = None,
    ) -> None:
        self.limits = limits
        self.writer = ResponseWriter()
        self.heads = Heads()
        self.bodies = BodyBudget(limits.held_bytes)
        self.draining = False
        self.tick = 0
        self._scorer = scorer
        self._routes = routes
        self._drain_s = drain_s
        self._observer = observer
        self._batching = batching
        self._connections = batching.clients
        self._allowed = {
            "head": limits.head_s, "body": limits.body_s, "idle": limits.idle_s, "writing": limits.write_s,
            "answer": float("inf"),
        }  # fmt: skip

    async def run(self, bound: socket.socket, stop: Awaitable[object], ready: Callable[[], None]) -> None:
        """Serve on this socket until `stop`; every request that arrived until then is answered."""
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(self), sock=bound, backlog=4_096)
        sweeper = asyncio.create_task(self._sweep())
        ready()
        await stop
        await self._drain(listener, bound)
        sweeper.cancel()

    async def _drain(self, listener: asyncio.Server, bound: socket.socket) -> None:
        """Every connection learns it with its next answer; those that ask for nothing are closed at the end.

        Whoever connected or was answered just now may have sent its next request already, and is waited for.
        """
        self.draining = True
        await asyncio.sleep(self._drain_s)
        await stop_listening(listener, bound)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _LONGEST_DRAIN_S
        while any(map(self._is_expected, self._connections)) and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)

    def _is_expected(self, connection: Connection) -> bool:
        """Whether it has asked for something, or may well have."""
        return not connection.is_idle or self.tick - connection.since < _SHORT_TICKS

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self.tick += 1
            self.writer.next_second()
            self.bodies.settle()
            late = [
                each for each in self._connections if (self.tick - each.since) * _TICK_S > self._allowed[each.waits_for]
            ]
            for connection in late:
                connection.expire()

    def admit(self, connection: Connection) -> bool:
        """False when there are too many already; it is swept like all others then."""
        self._connections.add(connection)
        return len(self._connections) <= self.limits.connections

    def turn_over(self) -> None:
        self._batching.flush()

    def forget(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def observe(self, exchange: Exchange) -> None:
        """One that is answered without having been dispatched."""
        if self._observer is not None:
            self._observer.begin(exchange)

    def dispatch(self, exchange: Exchange) -> None:
        """Whatever happens, the exchange gets an answer."""
        if self._observer is not None:
            self._observer.begin(exchange)
        if exchange.problem is not None:
            return exchange.reply(exchange.problem.answer())
        target = self._routes.find(exchange.url)
        if isinstance(target, Infer) and exchange.method == b"POST":
            self._scorer.submit(
                target.name,
                target.number or exchange.deployment,
                exchange.body,
                exchange.reply,
                header_length=exchange.header_length,
                sticky=exchange.sticky,
            )
        elif target is None:
            exchange.reply(not_found(exchange.url))
        elif isinstance(target, Ask) and exchange.method == b"POST":
            exchange.reply(target.answer(exchange.body))
        elif isinstance(target, Infer | Ask) or exchange.method not in (b"GET", b"HEAD"):
            exchange.reply(not_allowed(target))
        else:
            exchange.reply(target())
