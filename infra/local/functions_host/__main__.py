"""Command line: `python -m infra.local.functions_host --app DIR --name NAME --port N ...`."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.host import End, Host, HostOptions, prepare_process
from infra.local.functions_host.http.front import listen
from infra.local.functions_host.invocation import TIMEOUT_GRACE_S

EXIT_NOT_HOSTED = 1


def main() -> None:
    options = options_from(sys.argv[1:])
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format=f"%(asctime)s {options.name} %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("azure", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        bound = _bound(options)
        prepare_process(options, bound.getsockname()[1])
        end = uvloop.run(_serve(options, bound))
    except (HostError, OSError) as error:
        print(f"{options.name} cannot be hosted: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_HOSTED)
    if end is not End.DRAINED:
        # A thread of a synchronous function may never end, and would keep the interpreter from ending too.
        logging.warning(_FAREWELLS[end])
        sys.stdout.flush()
        os._exit(end.value)


_FAREWELLS = {
    End.ABANDONED: "the grace period is over; invocations under way are abandoned",
    End.OVERRAN: "a function has not ended by its time-out: the process ends, with all that is under way in it",
}


async def _serve(options: HostOptions, bound: socket.socket) -> End:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    host = await Host.open(options)
    return await host.run(bound, stop)


def _bound(options: HostOptions) -> socket.socket:
    return listen(options.host, options.port) if options.listen_fd is None else socket.socket(fileno=options.listen_fd)


def options_from(arguments: Sequence[str]) -> HostOptions:
    """Ends the process, with what is wrong, when the arguments cannot be understood."""
    parser = argparse.ArgumentParser("functions_host", description="Host one Azure Functions app on this machine.")
    parser.add_argument("--app", type=Path, required=True, metavar="DIR", help="directory with function_app.py")
    parser.add_argument("--name", required=True, help="the app's name; also the id under which it keeps its state")
    parser.add_argument("--port", type=int, required=True, help="HTTP port; 0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="local.settings.json")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="access keys; what it lacks is generated into it")
    parser.add_argument("--people", type=Path, metavar="FILE", help="test people; switches authentication on")
    parser.add_argument("--path", type=Path, action="append", default=[], metavar="ROOT", help="import from here too")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="written once the app listens")
    parser.add_argument("--grace-seconds", type=float, default=20, help="for invocations under way (default: 20)")
    parser.add_argument(
        "--timeout-grace-seconds",
        type=float,
        default=TIMEOUT_GRACE_S,
        help="for a function over its time-out, before the process ends (default: %(default)s)",
    )
    parser.add_argument("--listen-fd", type=int, metavar="FD", help="a listening socket, instead of a port of its own")
    parser.add_argument("--end-when-idle", type=float, metavar="SECONDS", help="end after this time without work")
    given = parser.parse_args(arguments)
    ready_file: Path | None = given.ready_file and given.ready_file.absolute()
    keys = given.keys or (ready_file.parent if ready_file else Path(".local")) / f"{given.name}.keys.json"
    return HostOptions(
        app=given.app.absolute(),
        name=given.name,
        host=given.host,
        port=given.port,
        settings=given.settings and given.settings.absolute(),
        keys=keys.absolute(),
        people=given.people and given.people.absolute(),
        paths=[path.absolute() for path in given.path],
        ready_file=ready_file,
        grace_s=given.grace_seconds,
        timeout_grace_s=given.timeout_grace_seconds,
        listen_fd=given.listen_fd,
        idle_s=given.end_when_idle,
    )


if __name__ == "__main__":
    main()
