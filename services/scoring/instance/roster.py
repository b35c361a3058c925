"""Which endpoints there are: every manifest of the workspace is one, and whoever is new joins without a restart.

All of them share one thread, or one loop, and one set of connections.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from services.scoring.instance.background import Background, Pace, ScoringPorts
from services.scoring.instance.stoppable import Stoppable, attempt, every
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


class Roster(Stoppable):
    """Looks for endpoints, and runs the background work of each."""

    def __init__(self, workspace: str, growing: Growing, open_ports: OpenPorts, pace: Pace) -> None:
        self._workspace, self._growing, self._open_ports, self._pace = workspace, growing, open_ports, pace
        self._followed: dict[EndpointRef, Background] = {}
        super().__init__("scoring-roster", pace.farewell_s)

    async def _work(self, stopping: asyncio.Event) -> None:
        """A store that cannot be reached adds nobody, and ends nobody."""
        async with self._open_ports() as ports, asyncio.TaskGroup() as tasks:
            await every(self._pace.look_s, "look for endpoints", partial(self._look, ports, tasks), stopping)
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
