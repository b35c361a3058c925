"""Which endpoints there are: every manifest of the workspace is one, and whoever is new joins without a restart.

All of them share one thread, or one loop, and one set of connections.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from services.scoring.instance.background import Background, Pace, ScoringPorts, attempt
from shared.events import EndpointRef

logger = logging.getLogger("sluice.scoring")

type OpenPorts = Callable[[], AbstractAsyncContextManager[ScoringPorts]]


class Growing(Protocol):
    """What endpoints join."""

    def add(self, endpoint: EndpointRef, open_ports: OpenPorts) -> Background:
        """Its background work, which is still to be run."""
        ...

    def complete(self) -> None:
        """Those that there are at the start have been added."""
        ...


class Roster:
    """Either `start` and `stop` a thread, or await `run` and `ask_to_stop`."""

    def __init__(self, workspace: str, growing: Growing, open_ports: OpenPorts, pace: Pace) -> None:
        self._workspace, self._growing, self._open_ports, self._pace = workspace, growing, open_ports, pace
        self._followed: dict[EndpointRef, Background] = {}
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self.run()), name="scoring-roster", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Blocks until the last words of all are sent, or their time is over."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(self._pace.farewell_s + 1)

    def ask_to_stop(self) -> None:
        """From any thread; `run` then ends."""
        loop, stopping = self._loop, self._stopping
        if loop is not None and stopping is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stopping.set)

    async def run(self) -> None:
        """Until `stop`. A store that cannot be reached adds nobody, and ends nobody."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with self._open_ports() as ports, asyncio.TaskGroup() as tasks:
            while not self._stopping.is_set():
                await attempt("look for endpoints", partial(self._look, ports, tasks))
                try:
                    async with asyncio.timeout(self._pace.look_s):
                        await self._stopping.wait()
                except TimeoutError:
                    continue
            for background in self._followed.values():
                background.ask_to_stop()

    async def _look(self, ports: ScoringPorts, tasks: asyncio.TaskGroup) -> None:
        listed = await ports.manifests.served(self._workspace)
        for endpoint in listed:
            if endpoint not in self._followed:
                await attempt(f"join {endpoint.name}", partial(self._join, endpoint, ports, tasks))
        self._growing.complete()

    async def _join(self, listed: EndpointRef, ports: ScoringPorts, tasks: asyncio.TaskGroup) -> None:
        """Under the name that its manifest spells: a list has it in lower case."""
        endpoint = (await ports.manifests.read(listed)).endpoint
        self._followed[listed] = self._growing.add(endpoint, lambda: _lent(ports))
        tasks.create_task(self._followed[listed].run())
        logger.info("endpoint %s has joined", endpoint.name)


@asynccontextmanager
async def _lent(ports: ScoringPorts) -> AsyncIterator[ScoringPorts]:
    """Whoever opened them closes them."""
    yield ports
