"""Work that goes on until it is asked to stop: on a loop that is there, or on a thread with a loop of its own."""

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from shared.ports import Refused, Unavailable

logger = logging.getLogger("sluice.scoring")


class Stoppable(ABC):
    """Either `start` and `stop` a thread, or await `run` and `ask_to_stop`. Last words take `farewell_s`."""

    def __init__(self, name: str, farewell_s: float) -> None:
        self._farewell_s = farewell_s
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self.run()), name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Blocks until the last words are sent, or their time is over."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(self._farewell_s + 1)

    def ask_to_stop(self) -> None:
        """From any thread; `run` then ends."""
        if self._running is None:
            return
        loop, stopping = self._running
        if not loop.is_closed():
            loop.call_soon_threadsafe(stopping.set)

    async def run(self) -> None:
        """Until `stop`."""
        stopping = asyncio.Event()
        self._running = asyncio.get_running_loop(), stopping
        await self._work(stopping)

    @abstractmethod
    async def _work(self, stopping: asyncio.Event) -> None:
        """What is to be done until `stopping` is set, and then to end it."""


async def every(seconds: float, name: str, work: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """An error is logged, and the work tried again at its next turn."""
    while not stopping.is_set():
        await attempt(name, work)
        try:
            async with asyncio.timeout(seconds):
                await stopping.wait()
        except TimeoutError:
            continue


async def attempt(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except (Unavailable, Refused) as error:
        logger.warning("%s: %s", name, error)
    except Exception:  # the next round tries again; requests are answered meanwhile
        logger.exception("%s", name)
