"""The listeners of an app: one per function that is not HTTP, started together, stopped before anything else."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from infra.local.functions_host.connections import event_hubs_connection, host_storage
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.event_hubs.attempts import AttemptsMade
from infra.local.functions_host.event_hubs.client import consumer_client
from infra.local.functions_host.event_hubs.listener import EventHubListener
from infra.local.functions_host.functions import EventHubTrigger, Function, HttpTrigger, TimerTrigger
from infra.local.functions_host.host_json import HostSettings
from infra.local.functions_host.instance import Instance
from infra.local.functions_host.invocation import Invoker
from infra.local.functions_host.storage import HostStorage
from infra.local.functions_host.timers.listener import TimerListener
from infra.local.functions_host.timers.schedule import parse_schedule
from infra.local.functions_host.timers.singleton import TimerLock
from infra.local.functions_host.timers.status import StatusStore

_log = logging.getLogger(__name__)

Listener = EventHubListener | TimerListener


@dataclass
class Listeners:
    """`storage` is None for an app that has HTTP functions only, and needs no storage account."""

    all: Sequence[Listener]
    storage: HostStorage | None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    failure: HostError | None = None

    async def start(self, patience_s: float) -> None:
        """Returns when all of them listen; those that cannot yet keep trying behind a warning.

        Raises `HostError` when the storage account cannot be used.
        """
        if self.storage is not None:
            await self.storage.create_containers()
        for listener in self.all:
            listener.start().add_done_callback(partial(self._notice_end, listener.function.name))
        waiting = [asyncio.create_task(listener.ready.wait()) for listener in self.all]
        if not waiting:
            return
        _, late = await asyncio.wait(waiting, timeout=patience_s)
        for task in late:
            task.cancel()
        names = [each.function.name for each in self.all if not each.ready.is_set()]
        if names:
            _log.warning("not listening after %s s, still trying: %s", patience_s, ", ".join(names))

    async def stop(self) -> None:
        """Nothing new is taken on from here; what is under way goes on."""
        self.stopped.set()
        for listener in self.all:
            await listener.stop()

    def _notice_end(self, function: str, task: asyncio.Task[None]) -> None:
        """A listener that dies takes the host with it: whoever supervises the host starts both afresh."""
        if not self.stopped.is_set() and not task.cancelled():
            self.failure = HostError(f"function {function!r}: its listener ended: {task.exception()!r}")
            self.ended.set()

    async def close(self, patience_s: float) -> None:
        """Give leases and partitions back."""
        deadline = time.monotonic() + patience_s
        await asyncio.gather(*(listener.close(max(2.0, deadline - time.monotonic())) for listener in self.all))
        if self.storage is not None:
            await self.storage.close()


def create_listeners(
    functions: Sequence[Function], host_id: str, instance: Instance, settings: HostSettings, invoker: Invoker
) -> Listeners:
    """Raises `HostError` naming function and setting when one cannot listen."""
    in_background = [function for function in functions if not isinstance(function.trigger, HttpTrigger)]
    if not in_background:
        return Listeners([], None)
    storage = HostStorage(host_storage(in_background[0].name))
    listeners: list[Listener] = []
    for function in in_background:
        if isinstance(function.trigger, EventHubTrigger):
            listeners.append(_event_hub_listener(function, function.trigger, settings, storage, invoker, instance))
        elif isinstance(function.trigger, TimerTrigger):
            listeners.append(_timer_listener(function, function.trigger, host_id, settings, storage, invoker, instance))
    return Listeners(listeners, storage)


def _event_hub_listener(
    function: Function,
    trigger: EventHubTrigger,
    settings: HostSettings,
    storage: HostStorage,
    invoker: Invoker,
    instance: Instance,
) -> EventHubListener:
    connection = event_hubs_connection(function.name, trigger.connection)
    options = settings.extensions.event_hubs
    hub, group, owner_id = trigger.event_hub_name, trigger.consumer_group, instance.id_for(function.name)
    client = consumer_client(connection, hub, group, storage.checkpoints, options, owner_id)
    attempts = AttemptsMade(instance.path.with_suffix(".attempts.json"))
    return EventHubListener(function, trigger, client, options, invoker, attempts)


def _timer_listener(
    function: Function,
    trigger: TimerTrigger,
    host_id: str,
    settings: HostSettings,
    storage: HostStorage,
    invoker: Invoker,
    instance: Instance,
) -> TimerListener:
    schedule = parse_schedule(function.name, trigger.schedule)
    monitored = trigger.use_monitor is not False and schedule.is_monitored
    period, lease_id = settings.singleton.listener_lock_period, instance.id_for(function.name)
    lock = TimerLock(storage.hosts, host_id, function.name, period, lease_id)
    poll = max(settings.singleton.listener_lock_recovery_polling_interval, timedelta(milliseconds=100))
    monitor = StatusStore(storage.hosts, host_id) if monitored else None
    return TimerListener(function, trigger, schedule, invoker, lock, poll, monitor)
