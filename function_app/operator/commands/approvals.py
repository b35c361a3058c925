"""`sluice approvals list`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from function_app.operator.connections import AsJson, RunDir, Wide, opened, settings
from function_app.operator.console import output, print_json, say
from function_app.operator.running import run
from function_app.operator.standing.snapshot import approvals_of
from function_app.operator.standing.words import approval_json, approvals_table
from shared.approvals import Approval

app = typer.Typer(no_args_is_help=True, help="What people are asked.")


@app.command("list", epilog="Example: sluice approvals list --json | jq -r '.[].page'")
def list_approvals(wide: Wide = False, as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """Open questions, the oldest first: since when, who may decide, and the page, without the token that opens it."""
    found, base_url = run(_open(run_dir)), settings(run_dir).approval_base_url
    if as_json:
        print_json([approval_json(each, base_url) for each in found])
    elif found:
        output().print(approvals_table(found, datetime.now(UTC), base_url, wide))
    else:
        say("nothing waits for a person")


async def _open(run_dir: Path | None) -> Sequence[Approval]:
    async with opened(run_dir) as store:
        return await approvals_of(store)
