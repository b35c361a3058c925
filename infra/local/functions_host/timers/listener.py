"""Runs one timer function: past-due and start-up runs first, then every occurrence, one after the other."""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from azure.core.exceptions import AzureError

from infra.local.functions_host.functions import Function, TimerTrigger
from infra.local.functions_host.invocation import Invoker
from infra.local.functions_host.timers.schedule import Schedule
from infra.local.functions_host.timers.singleton import TimerLock
from infra.local.functions_host.timers.status import ScheduleStatus, is_past_due
from infra.local.functions_host.worker import WorkerResult
from infra.local.functions_host.worker_protocol import protos

_log = logging.getLogger(__name__)


class Monitor(Protocol):
    """Where the status of a monitored timer is kept."""

    async def load(self, function: str) -> ScheduleStatus | None: ...

    async def save(self, function: str, status: ScheduleStatus) -> None: ...


@dataclass
class TimerListener:
    """`monitor` is None for a timer without one: it then forgets what it missed."""

    function: Function
    trigger: TimerTrigger
    schedule: Schedule
    invoker: Invoker
    lock: TimerLock
    lock_poll: timedelta
    monitor: Monitor | None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        self._task = asyncio.create_task(self._run(), name=f"timer {self.function.name}")
        return self._task

    async def stop(self) -> None:
        """No further occurrence starts; the one under way runs on until the host's grace is over."""
        self._stop.set()

    async def close(self, patience_s: float) -> None:
        """Wait for the task, which gives the lease back; cancel it when it takes longer than that."""
        if self._task is None:
            return
        _, running = await asyncio.wait([self._task], timeout=patience_s)
        if running:
            self._task.cancel()
            await asyncio.wait(running)

    async def _run(self) -> None:
        while not self._stop.is_set():
            try:
                acquired = await self.lock.try_acquire()
                self.ready.set()
                if acquired:
                    await self._fire_while_leader()
                    continue
            except AzureError as error:
                _log.warning("timer %s: %s", self.function.name, error)
            await self._sleep(self.lock_poll.total_seconds())

    async def _fire_while_leader(self) -> None:
        renewing = asyncio.create_task(self.lock.hold())
        firing = asyncio.create_task(self._fire())
        try:
            await asyncio.wait((renewing, firing), return_when=asyncio.FIRST_COMPLETED)
            if firing.done():
                firing.result()
        finally:
            for task in (renewing, firing):
                task.cancel()
            await asyncio.wait((renewing, firing))
            await self.lock.release()

    async def _fire(self) -> None:
        status = await self._first_status()
        if self.monitor is not None and is_past_due(status, self.schedule, datetime.now(UTC)):
            status = await self._occur(status, past_due=True)
        elif self.trigger.run_on_startup:
            status = await self._occur(status, past_due=False)
        while await self._sleep_until(status.next):
            status = await self._occur(status, past_due=False)

    async def _first_status(self) -> ScheduleStatus:
        stored = await self.monitor.load(self.function.name) if self.monitor else None
        now = datetime.now(UTC)
        if stored is not None and stored.next == self.schedule.next_after(stored.last or stored.last_updated):
            return stored
        # A schedule that was changed meanwhile begins anew, and has never fired.
        status = ScheduleStatus(None, self.schedule.next_after(now), now)
        if self.monitor is not None:
            await self.monitor.save(self.function.name, status)
        return status

    async def _occur(self, status: ScheduleStatus, past_due: bool) -> ScheduleStatus:
        """All is reckoned from the start: a run that outlasts its interval is followed by the next at once, by one,
        however many it covered."""
        began = datetime.now(UTC)
        # Losing the lease ends the schedule here, but never an invocation under way.
        await asyncio.shield(self._invoke(status if self.monitor else None, past_due))
        status = ScheduleStatus(began, self.schedule.next_after(began), began)
        if self.monitor is not None:
            await self.monitor.save(self.function.name, status)
        return status

    async def _invoke(self, status: ScheduleStatus | None, past_due: bool) -> WorkerResult:
        for_dst = self.schedule.adjusts_for_dst
        return await invoke_timer(self.function, self.invoker, self._stop, status, past_due, for_dst)

    async def _sleep_until(self, moment: datetime) -> bool:
        """False when the host stopped first. Timers of the loop may end a little early, hence the loop."""
        while (left := (moment - datetime.now(UTC)).total_seconds()) > 0:
            if await self._sleep(left):
                return False
        return not self._stop.is_set()

    async def _sleep(self, seconds: float) -> bool:
        """Whether the host stopped meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True


async def invoke_timer(
    function: Function,
    invoker: Invoker,
    stop: asyncio.Event,
    status: ScheduleStatus | None = None,
    past_due: bool = False,
    for_dst: bool = True,
) -> WorkerResult:
    """One occurrence, with the function's retry policy."""
    info = {
        "Schedule": {"AdjustForDST": for_dst},
        "ScheduleStatus": status.to_json() if status else None,
        "IsPastDue": past_due,
    }
    arguments = (
        [(function.trigger.name, protos.TypedData(json=json.dumps(info)))],
        {"TimerTrigger": protos.TypedData(string=f"{datetime.now(UTC):%m/%d/%Y %H:%M:%S}")},
    )
    return await invoker.invoke_with_retries(function, lambda: arguments, stop)
