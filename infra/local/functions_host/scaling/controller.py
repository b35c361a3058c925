"""Starts instances when a request, an event or a timer asks for one; they end by themselves once they are idle."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.eventhub.exceptions import EventHubError

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import Function, TimerTrigger
from infra.local.functions_host.scaling.backlog import Backlog
from infra.local.functions_host.scaling.wanted import instances_for
from infra.local.functions_host.timers.schedule import Schedule, parse_schedule

_log = logging.getLogger(__name__)


@dataclass
class Demand:
    """How many instances hubs and timers ask for at the moment."""

    backlogs: Sequence[Backlog]
    events_each: int
    schedules: Sequence[Schedule]
    looked: datetime = field(default_factory=lambda: datetime.now(UTC))

    @staticmethod
    def of(functions: Sequence[Function], backlogs: Sequence[Backlog], events_each: int) -> "Demand":
        timers = [(each.name, each.trigger) for each in functions if isinstance(each.trigger, TimerTrigger)]
        return Demand(backlogs, events_each, [parse_schedule(name, timer.schedule) for name, timer in timers])

    async def instances(self) -> int:
        """An instance runs every function of the app, so the one that asks for most decides."""
        since, self.looked = self.looked, datetime.now(UTC)
        is_due = any(schedule.next_after(since) <= self.looked for schedule in self.schedules)
        wanted = [int(is_due)]
        for backlog in self.backlogs:
            try:
                wanted.append(instances_for(await backlog.partitions(), self.events_each))
            except (AzureError, EventHubError) as error:
                _log.warning("a backlog could not be looked up: %s", error)
        return max(wanted)

    async def close(self) -> None:
        for backlog in self.backlogs:
            await backlog.close()


@dataclass
class Instances:
    """The running instances of one app, started by `command`, which inherit the listening socket. `state` is the file
    that says which run; beside it lie those that instances write once they are ready."""

    command: Sequence[str]
    bound: socket.socket
    most: int
    state: Path
    _running: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    _waits: set[asyncio.Task[None]] = field(default_factory=set)
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    async def raise_to(self, wanted: int) -> None:
        """Never lowers: an instance ends by itself."""
        for number in range(min(wanted, self.most)):
            if number not in self._running:
                await self._start(number)

    async def ready(self, number: int) -> Path:
        """The file that the instance writes once it listens. Raises `HostError` when it ends before."""
        path = self._ready_file(number)
        while not path.exists():
            if number not in self._running:
                raise HostError("the first instance has ended before it was ready; its log says why")
            await asyncio.sleep(0.05)
        return path

    async def called_within(self, seconds: float) -> bool:
        """Whether somebody connects in this time while no instance is there to accept."""
        if self._running:
            await asyncio.sleep(seconds)
            return False
        self._called.clear()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.bound, self._called.set)
        try:
            await asyncio.wait_for(self._called.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self.bound)
        return True

    async def stop(self) -> None:
        """Ask all to end, and wait until they have."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        if self._waits:
            await asyncio.wait(self._waits)

    async def _start(self, number: int) -> None:
        ready = self._ready_file(number)
        ready.unlink(missing_ok=True)
        command = [*self.command, "--ready-file", str(ready)]
        process = await asyncio.create_subprocess_exec(*command, pass_fds=[self.bound.fileno()])
        _log.info("instance %s starts (process %s)", number, process.pid)
        self._running[number] = process
        self._write()
        wait = asyncio.create_task(self._wait(number, process))
        self._waits.add(wait)
        wait.add_done_callback(self._waits.discard)

    async def _wait(self, number: int, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        _log.info("instance %s ended with %s (process %s)", number, code, process.pid)
        del self._running[number]
        self._write()

    def _ready_file(self, number: int) -> Path:
        return self.state.with_name(f"{self.state.name}.{number}.ready")

    def _write(self) -> None:
        draft = self.state.with_name(f"{self.state.name}.{os.getpid()}.tmp")
        document = {str(number): process.pid for number, process in self._running.items()}
        draft.write_text(json.dumps({"instances": document}), encoding="utf-8")
        draft.replace(self.state)


async def control(instances: Instances, demand: Demand, every_s: float, stop: asyncio.Event) -> None:
    """Until `stop`: one instance for whoever connects, as many as are asked for otherwise."""
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        called = asyncio.create_task(instances.called_within(every_s))
        await asyncio.wait({called, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            called.cancel()
            await asyncio.wait({called})
            break
        await instances.raise_to(max(int(called.result()), await demand.instances()))
    await instances.stop()
