"""The host of one app: index it, open everything it needs, serve until told to stop, drain."""

import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from infra.local.functions_host import worker
from infra.local.functions_host.app_settings import load_settings_file
from infra.local.functions_host.by_hand import ByHand
from infra.local.functions_host.functions import Function, read_functions
from infra.local.functions_host.host_json import HostSettings, load_host_json
from infra.local.functions_host.http import front
from infra.local.functions_host.http.admin import Admin
from infra.local.functions_host.http.application import Application
from infra.local.functions_host.http.easy_auth.gate import Gate
from infra.local.functions_host.http.easy_auth.people import load_people
from infra.local.functions_host.http.easy_auth.session import Sessions
from infra.local.functions_host.http.functions import HttpFunctions
from infra.local.functions_host.http.keys import Keys, load_keys
from infra.local.functions_host.http.routes import Routes
from infra.local.functions_host.instance import claim_instance
from infra.local.functions_host.invocation import Invoker
from infra.local.functions_host.listeners import create_listeners
from infra.local.functions_host.outputs import Outputs

_log = logging.getLogger(__name__)

# A host that gets no partition, because others hold them all, counts as listening after this time.
LISTEN_PATIENCE_S = 15.0
# Between a function's overrun and the end of its process.
_LAST_WORDS_S = 1.0
# Of the real host, whose answers and order of doing things this one was compared with.
_FOLLOWED_VERSION = "4.1037.0"


class End(Enum):
    """How a host ended, with the exit code of its process."""

    DRAINED = 0
    ABANDONED = 3
    OVERRAN = 4


@dataclass(frozen=True)
class HostOptions:
    """What the command line says; all paths absolute."""

    app: Path
    name: str
    host: str
    port: int
    settings: Path | None
    keys: Path
    people: Path | None
    paths: Sequence[Path]
    ready_file: Path | None
    grace_s: float
    timeout_grace_s: float
    listen_fd: int | None
    idle_s: float | None


def prepare_process(options: HostOptions, port: int) -> None:
    """Environment, import path and working directory as a worker process has them. Raises `HostError`."""
    if options.settings is not None:
        os.environ.update(load_settings_file(options.settings))
    os.environ["FUNCTIONS_WORKER_RUNTIME"] = "python"
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    os.environ.setdefault("WEBSITE_HOSTNAME", f"{options.host}:{port}")
    if options.people is not None:
        os.environ["WEBSITE_AUTH_ENABLED"] = "True"
    for path in reversed([options.app, *options.paths]):
        sys.path.insert(0, str(path))
    os.chdir(options.app)


class Host:
    """One app, from index to drain. `open` raises `HostError` when the app cannot be hosted."""

    def __init__(self, options: HostOptions, indexed: Sequence[Function], settings: HostSettings) -> None:
        self.options = options
        self._indexed = indexed
        self._functions = functions = [function for function in indexed if not function.is_disabled]
        self._started = time.monotonic()
        self._outputs = Outputs(functions, settings.extensions.queues.message_encoding)
        timeout = settings.function_timeout
        timeout_s = timeout.total_seconds() if timeout else None
        # Counted apart: callers may go on calling while an operator drains the background.
        self._background = Invoker(self._outputs.send, timeout_s, options.timeout_grace_s)
        self._over_http = Invoker(self._outputs.send, timeout_s, options.timeout_grace_s, self._background.overran)
        self._instance = claim_instance(options.keys.parent, options.name)
        # Ids of hosts are lower case and at most 32 characters long.
        self._host_id = options.name.lower()[:32]
        self._listeners = create_listeners(functions, self._host_id, self._instance, settings, self._background)
        self._application = self._create_application(settings, load_keys(options.keys, [f.name for f in functions]))
        self._draining = False
        self._drain: asyncio.Task[None] | None = None

    @staticmethod
    async def open(options: HostOptions) -> "Host":
        settings = load_host_json(options.app)
        return Host(options, read_functions(await worker.index(options.app)), settings)

    async def run(self, bound: socket.socket, stop: asyncio.Event) -> End:
        """Serve until `stop`, then drain; or until a function overruns its time-out.

        Raises `HostError` when a listener cannot start or ends by itself.
        """
        server = front.server(self._application.handle)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        starting = asyncio.create_task(self._start(bound.getsockname()[1]))
        idling = asyncio.create_task(self._stop_when_idle(starting, stop))
        await self._wait_for_an_end(serving, starting, stop)
        idling.cancel()
        if self._background.overran.is_set():
            # In Azure the worker's process is killed, and nothing in it is waited for. What knows of the time-out
            # already may say so: a caller by its 500, a batch without a further attempt by its checkpoint.
            await asyncio.sleep(_LAST_WORDS_S)
            return End.OVERRAN
        deadline = time.monotonic() + self.options.grace_s
        # As the real host does: it takes no more connections, answers what is under way, and then stops its listeners.
        front.stop(server, self.options.grace_s)
        await serving
        drained = await self._drain_background(deadline)
        await self._outputs.close()
        drained = drained and not self._over_http.outstanding
        if drained:
            worker.stop()
        if self._listeners.failure is not None:
            raise self._listeners.failure
        return End.DRAINED if drained else End.ABANDONED

    async def _start(self, port: int) -> None:
        await self._listeners.start(LISTEN_PATIENCE_S)
        self._write_ready_file(port)

    async def _stop_when_idle(self, starting: asyncio.Task[None], stop: asyncio.Event) -> None:
        """As an instance is taken away that has had nothing to do for a while."""
        idle_s = self.options.idle_s
        if idle_s is None:
            return
        await asyncio.wait({starting})
        began = time.monotonic()
        invokers = (self._background, self._over_http)
        while not stop.is_set():
            rested_s = time.monotonic() - max(began, *(invoker.ended for invoker in invokers))
            if rested_s >= idle_s and not any(each.outstanding + each.outstanding_retries for each in invokers):
                stop.set()
            await asyncio.sleep(max(0.05, idle_s - rested_s))

    async def _wait_for_an_end(
        self, serving: asyncio.Task[None], starting: asyncio.Task[None], stop: asyncio.Event
    ) -> None:
        events = (stop, self._listeners.ended, self._background.overran)
        ends = {serving, *(asyncio.create_task(event.wait()) for event in events)}
        await asyncio.wait({starting, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
        else:
            starting.cancel()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)

    async def _drain_background(self, deadline: float) -> bool:
        """Whether all that was under way ended in time. Leases and partitions are given back either way."""
        await self._listeners.stop()
        drained = await self._background.wait_until_idle(max(0.0, deadline - time.monotonic()))
        await self._listeners.close(max(0.0, deadline - time.monotonic()))
        return drained

    def _create_application(self, settings: HostSettings, keys: Keys) -> Application:
        people = load_people(self.options.people) if self.options.people else None
        by_hand = ByHand(self._functions, self._background, self._listeners.stopped)
        documents: dict[str, Callable[[], object]] = {
            "status": self._status,
            "drain/status": self._drain_status,
            "config": lambda: settings.model_dump(mode="json", by_alias=True),
        }
        admin = Admin(keys, documents, self._start_drain, by_hand.run, self._indexed)
        routes = Routes(self._functions, settings.extensions.http.route_prefix)
        functions = HttpFunctions(routes, keys, self._over_http)
        return Application(self.options.name, Gate(people, Sessions.derived_from(keys.master)), admin, functions)

    def _status(self) -> dict[str, object]:
        """As the real host answers it; that an app has functions, it does not say either."""
        return {
            "id": self._host_id,
            "state": "Running",
            "version": _FOLLOWED_VERSION,
            "versionDetails": f"{_FOLLOWED_VERSION}, as a local host follows it",
            "platformVersion": "",
            "instanceId": self._instance.id_for("instance"),
            "computerName": socket.gethostname(),
            "processUptime": int((time.monotonic() - self._started) * 1000),
            "functionAppContentEditingState": "NotAllowed",
        }

    def _drain_status(self) -> dict[str, object]:
        invocations = self._background.outstanding + self._over_http.outstanding
        retries = self._background.outstanding_retries
        state = "Disabled" if not self._draining else "InProgress" if invocations + retries else "Completed"
        return {"state": state, "outstandingInvocations": invocations, "outstandingRetries": retries}

    def _start_drain(self) -> None:
        if not self._draining:
            self._draining = True
            self._drain = asyncio.create_task(self._listeners.stop())

    def _write_ready_file(self, port: int) -> None:
        names = [function.name for function in self._functions]
        _log.info("%s listens on %s:%s: %s", self.options.name, self.options.host, port, ", ".join(names))
        path = self.options.ready_file
        if path is None:
            return
        indexed = {function.name: list(function.raw_bindings) for function in self._functions}
        told = {"functions": names, "indexed": indexed, "name": self.options.name}
        document = {"port": port, "pid": os.getpid(), **told}
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps(document) + "\n", encoding="utf-8")
        draft.replace(path)
