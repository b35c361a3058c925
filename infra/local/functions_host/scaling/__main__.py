"""Command line: `python -m infra.local.functions_host.scaling --state FILE --most N --idle-seconds S HOST-ARGUMENTS`.

The first instance starts at once, as after a deployment, and tells the triggers; from then on there are as many as
there is work for.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.functions_host.__main__ import options_from
from infra.local.functions_host.app_settings import load_settings_file
from infra.local.functions_host.connections import host_storage
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import EventHubTrigger, Function, read_function
from infra.local.functions_host.host import HostOptions
from infra.local.functions_host.host_json import load_host_json
from infra.local.functions_host.http.front import listen
from infra.local.functions_host.scaling.backlog import Backlog
from infra.local.functions_host.scaling.controller import Demand, Instances, control
from infra.local.functions_host.storage import HostStorage
from infra.local.functions_host.worker_protocol import protos


def main() -> None:
    parser = argparse.ArgumentParser("scaling", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="says which instances run")
    parser.add_argument("--most", type=int, default=2, help="instances at once (default: %(default)s)")
    parser.add_argument("--idle-seconds", type=float, default=30, help="until an instance ends (default: %(default)s)")
    parser.add_argument("--every-seconds", type=float, default=1, help="between two looks (default: %(default)s)")
    given, of_host = parser.parse_known_args()
    options = options_from(of_host)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s scaling %(levelname)s %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        bound = listen(options.host, options.port)
        if options.settings is not None:
            os.environ.update(load_settings_file(options.settings))
        instances = _instances(bound, of_host, given)
        asyncio.run(_control(instances, options, given.every_seconds))
    except (HostError, OSError) as error:
        sys.exit(f"{options.name} cannot be scaled: {error}")


def _instances(bound: socket.socket, of_host: Sequence[str], given: argparse.Namespace) -> Instances:
    bound.set_inheritable(True)
    module = [sys.executable, "-m", "infra.local.functions_host", *of_host]
    flags = ["--listen-fd", str(bound.fileno()), "--end-when-idle", str(given.idle_seconds)]
    return Instances([*module, *flags], bound, given.most, given.state.absolute())


async def _control(instances: Instances, options: HostOptions, every_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await instances.raise_to(1)
    functions = _functions(await instances.ready(0))
    settings = load_host_json(options.app).extensions.event_hubs
    watched = [(each, each.trigger) for each in functions if isinstance(each.trigger, EventHubTrigger)]
    storage = HostStorage(host_storage(watched[0][0].name)) if watched else None
    backlogs = [Backlog(function, trigger, storage) for function, trigger in watched if storage is not None]
    each = settings.target_unprocessed_event_threshold or settings.max_event_batch_size
    demand = Demand.of(functions, backlogs, each)
    try:
        await control(instances, demand, every_s, stop)
    finally:
        await demand.close()
        if storage is not None:
            await storage.close()


def _functions(ready: Path) -> list[Function]:
    """What an instance said of itself."""
    told = json.loads(ready.read_text(encoding="utf-8"))["indexed"]
    return [
        read_function(protos.RpcFunctionMetadata(name=name, raw_bindings=[json.dumps(each) for each in bindings]))
        for name, bindings in told.items()
    ]


if __name__ == "__main__":
    main()
