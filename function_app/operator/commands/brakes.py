"""`sluice pause | resume` and `sluice brakes list`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, opened, settings
from function_app.operator.console import Grid, output, print_json, say, table
from function_app.operator.ordering.orders import order, stated
from function_app.operator.ordering.places import scope
from function_app.operator.ordering.sending import EXITS, Force, Wait, Way, Who, Why, Within, give, who
from function_app.operator.running import run
from shared.events import ReactionsPaused, ReactionsResumed
from shared.events.brakes import scope_words
from shared.ports import Brake

listing = typer.Typer(no_args_is_help=True, help="What is paused.")

What = Annotated[str, typer.Argument(help="all, an endpoint's name, or an entity: workspace|kind|name.")]
PAUSE_EXAMPLE = f"Example: sluice pause flights --reason 'latency is being looked into'. {EXITS}"
RESUME_EXAMPLE = f"Example: sluice resume all --reason 'it was the network'. {EXITS}"


def pause(
    what: What, reason: Why, operator: Who = "", force: Force = False, wait: Wait = None, timeout: Within = 60,
    as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Stop reactions about something: they are decided and recorded from now on, but nothing is done."""
    way = Way(run_dir, force, wait, timeout, as_json)
    command = stated(ReactionsPaused, scope=scope(what, way), operator=who(operator), reason=reason)
    give(order(command, settings(run_dir)), way)


def resume(
    what: What, reason: Why, operator: Who = "", force: Force = False, wait: Wait = None, timeout: Within = 60,
    as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Let reactions go on. What was held meanwhile stays held, until it is redriven."""
    way = Way(run_dir, force, wait, timeout, as_json)
    command = stated(ReactionsResumed, scope=scope(what, way), operator=who(operator), reason=reason)
    give(order(command, settings(run_dir)), way)


@listing.command("list", epilog="Example: sluice brakes list --json | jq -r '.[].scope'")
def list_brakes(as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """What is paused now, since when, by whom and why."""
    found = sorted(run(_engaged(run_dir)), key=lambda brake: brake.since)
    if as_json:
        print_json([brake_json(brake) for brake in found])
    elif found:
        output().print(brakes_table(found))
    else:
        say("nothing is paused")


async def _engaged(run_dir: Path | None) -> Sequence[Brake]:
    async with opened(run_dir) as store:
        return await store.brakes.engaged()


def brakes_table(brakes: Sequence[Brake]) -> Grid:
    rows = [(scope_words(each.scope), f"{each.since:%m-%d %H:%M:%S}", each.operator, each.reason) for each in brakes]
    return table(["paused", "since (UTC)", "by", "reason"], rows)


def brake_json(brake: Brake) -> dict[str, str]:
    since = brake.since.isoformat()
    return {"scope": brake.scope, "since": since, "operator": brake.operator, "reason": brake.reason}
