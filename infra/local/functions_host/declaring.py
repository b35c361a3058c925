"""What functions an app declares, as Microsoft's worker library indexes them and the real host would take them.

`python -m infra.local.functions_host.declaring DIR` prints them as JSON; or what that host would refuse, or switch off
in silence, with the function's name and the repair, and exits with 1.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.functions_host import worker
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import EventHubTrigger, Function, HttpTrigger, TimerTrigger, read_functions
from infra.local.functions_host.host_json import HostSettings, load_host_json
from infra.local.functions_host.http.overlaps import overlapping
from infra.local.functions_host.http.routes import Route, Routes
from infra.local.functions_host.timers.schedule import parse_schedule


async def declared(app: Path) -> dict[str, dict[str, Any]]:
    """By name: its trigger, and where or when that fires. Raises `HostError` with the repair."""
    with _repair("set it in host.json to a value that the host knows"):
        settings = load_host_json(app)
    with _repair("let function_app.py be imported without an error, with settings as in local.settings.sample.json"):
        metadata = await worker.index(app)
    return taken(metadata, settings)


def taken(metadata: Sequence[Any], settings: HostSettings) -> dict[str, dict[str, Any]]:
    """As `declared`, of what the worker library has indexed."""
    with _repair("give each function a name that is its own (@app.function_name), and one trigger that this host has"):
        functions = read_functions(metadata)
    with _repair("give it six NCRONTAB fields, or five, as in 0 */5 * * * *"):
        for each in functions:
            if isinstance(each.trigger, TimerTrigger):
                parse_schedule(each.name, each.trigger.schedule)
    with _repair("give it a route of its own that begins with neither admin nor runtime, its braces in pairs"):
        routes = Routes(functions, settings.extensions.http.route_prefix).all
    with _repair("give them routes, or methods, that differ: the host takes the first by name, whatever its route"):
        _refuse_overlaps(routes)
    templates = {route.function.name: route for route in routes}
    return {each.name: _described(each, templates) for each in sorted(functions, key=lambda each: each.name)}


@contextmanager
def _repair(words: str) -> Iterator[None]:
    try:
        yield
    except HostError as error:
        raise HostError(f"{error}\nTo mend it: {words}.") from error


def _refuse_overlaps(routes: Sequence[Route]) -> None:
    for first, second in overlapping(routes):
        raise HostError(f"functions {first!r} and {second!r}: one path can match the routes of both")


def _described(function: Function, routes: dict[str, Route]) -> dict[str, Any]:
    trigger = function.trigger
    if isinstance(trigger, HttpTrigger):
        methods = sorted(trigger.methods) if trigger.methods else None
        return {"trigger": "http", "route": f"/{routes[function.name].template}", "methods": methods,
                "open": trigger.auth_level == "ANONYMOUS"}  # fmt: skip
    if isinstance(trigger, EventHubTrigger):
        return {"trigger": "eventHub", "hub": trigger.event_hub_name, "group": trigger.consumer_group}
    schedules = (raw["schedule"] for raw in function.raw_bindings if raw["type"] == "timerTrigger")
    return {"trigger": "timer", "schedule": next(schedules)}


def main() -> int:
    try:
        found = asyncio.run(declared(Path(sys.argv[1]).resolve()))
    except HostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
