"""A publisher whose sending is done by a process of its own, so that it holds up nobody's event loop.

The hub's SDK takes 0.6 ms of the processor for each message and 0.2 more for every 100 KB, in one piece: a request that
comes meanwhile would wait for it. The loop here only encodes, one event a turn, and writes to a socket.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.adapters.azure.event_hubs.encoding import message_of
from shared.adapters.azure.event_hubs.frames import Order, Outcome
from shared.adapters.azure.event_hubs.line import Line
from shared.events import CONTENT_TYPE, Envelope
from shared.ports import Hub, Refused, Unavailable

logger = logging.getLogger("sluice.hub_sender")

# A process that ends at once is not started again and again.
_NEXT_START_S = 1.0


class HubSender:
    """The process starts with the first events, and again when it has ended; what it had not confirmed is unavailable.

    An `EventPublisher`, but not the one that apps are given when they ask for one.

    One order is under way at a time, and the caller keeps what it has not heard of: memory is bounded by both.
    """

    def __init__(self, connections: Mapping[Hub, str]) -> None:
        self._connections = connections
        self._turn = asyncio.Lock()
        self._line: Line | None = None
        self._next_start_s = 0.0

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        if hub not in self._connections:
            raise Refused(f"hub {hub}: this app has no connection to it")
        messages = []
        for envelope in envelopes:
            messages.append(message_of(hub, envelope))
            await asyncio.sleep(0)
        outcome = await self._ask(Order("send", hub, CONTENT_TYPE, messages))
        if outcome.is_for_ever:
            raise Refused(outcome.problem)
        if outcome.problem:
            pause_s = outcome.pause_s
            raise Unavailable(outcome.problem, pause=None if pause_s is None else timedelta(seconds=pause_s))

    async def _ask(self, order: Order) -> Outcome:
        """Whoever leaves leaves the order unfinished; the next has its turn once the process has said so."""
        await self._turn.acquire()
        try:
            line = await self._open_line()
            answer = line.ask(order)
        except BaseException:  # cancelled as well: no answer will come that hands the turn on
            self._turn.release()
            raise
        answer.add_done_callback(lambda _: self._turn.release())
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            line.leave()
            raise

    async def _open_line(self) -> Line:
        if self._line is None or self._line.has_ended:
            now_s = asyncio.get_running_loop().time()
            if now_s < self._next_start_s:
                raise Unavailable("the process that sends to hubs has ended")
            if self._line is not None:
                logger.error("the process that sends to hubs has ended; it is started again")
                await self._line.close()
            self._next_start_s = now_s + _NEXT_START_S
            try:
                self._line = await Line.open(Order("connections", dict(self._connections)))
            except OSError as error:
                raise Unavailable(f"the process that sends to hubs cannot be started: {error}") from error
        return self._line

    async def close(self) -> None:
        """What is under way is finished, or the process ended."""
        if self._line is not None:
            await self._line.close()
            self._line = None
