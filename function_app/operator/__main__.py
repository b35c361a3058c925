"""`sluice`: see, check and explain what the operations layer did, hold it and let it go on, score files."""

import platform
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.commands import (
    approvals,
    brakes,
    dead_letters,
    doctor,
    events,
    explain,
    lanes,
    ledger,
    model,
    policy,
    redrive,
    redrive_letters,
    rollback,
    score,
    status,
)

app = typer.Typer(
    name="sluice",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="See, check and explain what Sluice did; pause, resume, redrive and roll back. "
    "Exit codes: 0 done, 1 the answer is no (broken, missing, invalid), 2 wrong arguments or settings, 3 cannot be "
    "reached now.",
    epilog="Examples: sluice status · sluice explain flights · sluice ledger verify · sluice --install-completion",
)
_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def _version(wanted: bool) -> None:
    if wanted:
        version = tomllib.loads(_PROJECT.read_text())["project"]["version"]
        typer.echo(f"sluice {version} (Python {platform.python_version()})")
        raise typer.Exit


@app.callback()
def sluice(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which this is.")
    ] = False,
) -> None:
    pass


app.command("status", epilog="Examples: sluice status · sluice status --json | jq .pending")(status.status)
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(
    "explain",
    epilog="Examples: sluice explain flights · sluice explain flights:3 --svg why.svg · sluice explain 373adb5b",
)(explain.explain)
app.command(
    "score",
    epilog="Examples: sluice score in.parquet out.parquet --endpoint flights · "
    "sluice score in.csv --submit --endpoint flights",
)(score.score)
app.add_typer(lanes.app, name="lanes")
app.add_typer(ledger.app, name="ledger")
dead_letters.app.command("redrive", epilog=redrive_letters.EXAMPLE)(redrive_letters.redrive)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(events.app, name="events")
app.add_typer(model.app, name="model")
app.add_typer(policy.app, name="policy")
app.add_typer(approvals.app, name="approvals")
app.add_typer(brakes.listing, name="brakes")
app.command("pause", epilog=brakes.PAUSE_EXAMPLE)(brakes.pause)
app.command("resume", epilog=brakes.RESUME_EXAMPLE)(brakes.resume)
app.command("redrive", epilog=redrive.EXAMPLE)(redrive.redrive)
app.command("rollback", epilog=rollback.EXAMPLE)(rollback.rollback)


if __name__ == "__main__":
    app(prog_name="sluice")
