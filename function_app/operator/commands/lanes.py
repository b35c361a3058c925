"""`sluice lanes list | resume`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, opened, settings
from function_app.operator.console import output, print_json
from function_app.operator.ordering.names import check_name
from function_app.operator.ordering.orders import order, stated
from function_app.operator.ordering.sending import EXITS, Force, Wait, Way, Who, Why, Within, give, look, who
from function_app.operator.running import run
from function_app.operator.standing.lane_words import lane_json, lanes_table
from function_app.operator.standing.lanes import Behind, hub_reader, lane_names, lanes
from shared.events import LaneResumeOrdered

app = typer.Typer(invoke_without_command=True, help="What reads the hubs, and how far behind it is.")
RESUME_EXAMPLE = f"Example: sluice lanes resume measurement --reason 'build 42 is rolled back'. {EXITS}"
Lane = Annotated[str, typer.Argument(metavar="LANE", help="Its name, as `sluice lanes list` shows it.")]


@app.callback()
def show(context: typer.Context) -> None:
    """What reads the hubs, and how far behind it is: alone, as `sluice lanes list`."""
    if context.invoked_subcommand is None:
        list_lanes()


@app.command("list", epilog="Example: sluice lanes list --json | jq '.[] | select(.behind > 0)'")
def list_lanes(as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """Each reader of each hub partition: how many messages it is behind, and why where it stands or was stopped."""
    found = run(_lanes(run_dir))
    if as_json:
        print_json([lane_json(each) for each in found])
    else:
        output().print(lanes_table(found))


@app.command("resume", epilog=RESUME_EXAMPLE)
def resume(
    lane: Lane, reason: Why, operator: Who = "", force: Force = False, wait: Wait = None, timeout: Within = 60,
    as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Let a lane go on that was stopped because too many of its events ended by bugs of ours."""
    way = Way(run_dir, force, wait, timeout, as_json)
    if not force:
        look(way, lambda _: _check(lane))
    command = stated(LaneResumeOrdered, lane=lane, operator=who(operator), reason=reason)
    give(order(command, settings(run_dir)), way)


async def _check(lane: str) -> None:
    check_name("lane", lane, lane_names())


async def _lanes(run_dir: Path | None) -> Sequence[Behind]:
    async with opened(run_dir) as store:
        return await lanes(store.positions, store.folds, store.lanes, store.ledger, hub_reader(settings(run_dir)))
