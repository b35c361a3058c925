"""`python -m shared.adapters.azure.event_hubs.sender_process`: sends to hubs for the process that started it.

Its standard input is a socket to that process. It ends with it, however that one ends, once what it was given is sent
or can not be sent; signals are for the other one, which sends its last words by this one.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress

from azure.eventhub.aio import EventHubProducerClient

from shared.adapters.azure.event_hubs.frames import SIGNALS_OF_OTHERS, Order, Outcome
from shared.adapters.azure.event_hubs.opening import HubFailure, open_client
from shared.adapters.azure.event_hubs.sending import send

# Requests come first: where there is one processor for both, this one has a tenth of it when both have work.
_NICER = 10
# With nobody left to ask again.
_LAST_S = 15.0


class _Sender:
    def __init__(self, connections: Mapping[str, str], writer: asyncio.StreamWriter) -> None:
        self._connections = connections
        self._writer = writer
        self._producers: dict[str, EventHubProducerClient] = {}

    async def carry_out(self, order: Order) -> None:
        """Answers whatever happens, unless nobody is there to hear it."""
        try:
            await send(self._producer(order.about), order.about, order.messages, order.content_type)
            outcome = Outcome()
        except HubFailure as failure:
            outcome = Outcome(str(failure), failure.is_for_ever, failure.pause_s)
        except asyncio.CancelledError:
            outcome = Outcome(f"send to hub {order.about}: left unfinished")
        except Exception as error:  # the other side goes on, and hears of it
            logging.exception("send to hub %s", order.about)
            outcome = Outcome(f"send to hub {order.about}: {type(error).__name__}")
        with suppress(ConnectionError):
            self._writer.write(outcome.to_line())
            await self._writer.drain()

    def _producer(self, hub: str) -> EventHubProducerClient:
        if hub not in self._producers:
            self._producers[hub] = open_client(EventHubProducerClient, self._connections[hub])
        return self._producers[hub]

    async def close(self) -> None:
        for producer in self._producers.values():
            await producer.close()


async def _work() -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=os.dup(sys.stdin.fileno())))
    first = await Order.read(reader)
    if first is None:
        return
    sender = _Sender(first.about, writer)
    under_way: asyncio.Task[None] | None = None
    while (order := await Order.read(reader)) is not None:
        if order.what == "send":
            under_way = asyncio.create_task(sender.carry_out(order))
            await asyncio.sleep(0)  # cancelled before it began, it would answer nothing
        elif under_way is not None:
            under_way.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_S):
            if under_way is not None:
                await under_way
            await sender.close()


def main() -> int:
    for number in SIGNALS_OF_OTHERS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS_OF_OTHERS)
    os.nice(_NICER)
    line = "%(asctime)s %(levelname)s hub sender: %(message)s"
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format=line)
    asyncio.run(_work())
    return 0


if __name__ == "__main__":
    sys.exit(main())
