"""`sluice score`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from function_app.operator.commands.score_by_job import submit_file
from function_app.operator.connections import AsJson, RunDir, settings
from function_app.operator.console import clean, print_json, say, warn
from function_app.operator.running import INTERRUPTED, Unknown, run
from shared.events import EndpointRef
from shared.settings.operator import NoSettings, OperatorSettings

if TYPE_CHECKING:
    from function_app.operator.scoring.local import Outcome, Tell

SOME_REJECTED, COULD_NOT_RUN = 1, 2


def score(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Rows to score, .parquet or .csv.", dir_okay=False)],
    target: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="The result, .parquet or .csv.", dir_okay=False)
    ] = None,
    endpoint: Annotated[str, typer.Option("--endpoint", "-e", help="Whose present model scores them.")] = "",
    submit: Annotated[
        bool, typer.Option("--submit", help="Hand IN over to a job instead; events tell the rest.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="With --submit: until an event tells how it ended.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that --wait waits for at most.")] = 3600,
    chunk_rows: Annotated[int, typer.Option(min=1, max=1_000_000, help="Rows in memory at a time.")] = 10_000,
    threads: Annotated[int, typer.Option(min=0, max=256, help="Of the model; 0: one for each core.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Score a file with the model that serves an endpoint now: the same package, the same answers.

    OUT has the number of each row, the columns of IN that are no inputs, and the model's outputs. Rows that cannot be
    scored go to OUT.rejected.parquet with their number, the field at fault and the reason. OUT appears
    when it is whole.

    Exit codes: 0 all rows scored, 1 some rejected, 2 could not run, 130 interrupted.
    """
    with _told():
        if submit == (target is not None) or not endpoint:
            raise Unknown("--endpoint is required, and either OUT or --submit")
        if wait and not submit:
            raise Unknown("--wait is for --submit; a file that is scored here is waited for anyway")
        if not source.is_file():
            raise Unknown(f"{source}: there is no such file")
        found = settings(run_dir)
        ref = _endpoint(found, endpoint)
        if target is None:
            rejected = submit_file(found, ref, source, timeout if wait else None, as_json)
        else:
            outcome = _score(found, ref, source, target, chunk_rows, threads, force, quiet=as_json)
            _say(outcome, target, as_json)
            rejected = outcome.rejected
    if rejected:
        raise typer.Exit(SOME_REJECTED)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever keeps it from running is one sentence and one exit code."""
    from services.scoring.files import NotScorable

    try:
        yield
    except KeyboardInterrupt:
        warn("sluice: interrupted; nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    except typer.Exit as ended:  # `run` has said why
        raise typer.Exit(ended.exit_code if ended.exit_code in (0, INTERRUPTED) else COULD_NOT_RUN) from None
    except MemoryError as error:
        warn("sluice: there is not enough memory for so many rows at once: --chunk-rows takes fewer")
        raise typer.Exit(COULD_NOT_RUN) from error
    except (NotScorable, Unknown, NoSettings, OSError) as error:
        warn(f"sluice: {error}")
        raise typer.Exit(COULD_NOT_RUN) from error


def _endpoint(found: OperatorSettings, name: str) -> EndpointRef:
    production = found.serving_workspace()
    if not production:
        raise NoSettings(
            "WORKSPACES names no workspace, or several, of stage production: it tells which endpoint is meant"
        )
    try:
        return EndpointRef(workspace=production, name=name)
    except ValidationError as error:
        raise Unknown(f"--endpoint: {error.errors()[0]['msg']}") from error


def _score(
    found: OperatorSettings, endpoint: EndpointRef, source: Path, target: Path, chunk_rows: int, threads: int,
    force: bool, quiet: bool,
) -> "Outcome":  # fmt: skip
    # Imported here: pyarrow and ONNX Runtime would slow down every other command's start.
    from function_app.operator.scoring.local import current_version, score_here

    served = run(current_version(found.storage(), endpoint, threads))
    with _progress(quiet) as tell, _between_chunks(tell) as tell_or_end:
        return score_here(served, source, target, chunk_rows, force, tell_or_end)


@contextmanager
def _between_chunks(tell: "Tell") -> Iterator["Tell"]:
    """Ctrl-C ends the work where it tells of its progress: libraries do not bear it at every place of theirs."""
    asked = False

    def ask(_number: int, _frame: object) -> None:
        nonlocal asked
        asked = True

    def tell_or_end(rows: int, all_rows: int | None) -> None:
        tell(rows, all_rows)
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield tell_or_end
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(quiet: bool) -> Iterator["Tell"]:
    """A bar on standard error, where somebody looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]} rows/s")
    columns = (BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=None, rate="-")

        def tell(rows: int, all_rows: int | None) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=rows, total=all_rows, rate=f"{speed:,.0f}" if speed else "-")

        yield tell


def _say(outcome: "Outcome", target: Path, as_json: bool) -> None:
    from services.scoring.files import side_file

    side = side_file(target) if outcome.rejected else None
    if as_json:
        rate = round(outcome.rows_per_second, 1)
        print_json({**asdict(outcome), "rows_per_second": rate, "out": str(target), "rejected_rows": side})
        return
    scored, by = outcome.rows - outcome.rejected, f"{clean(outcome.model)}:{clean(outcome.version)}"
    say(f"{scored:,} of {outcome.rows:,} rows scored by {by} ({outcome.digest[:12]}, generation {outcome.generation})")
    say(f"{outcome.seconds:.2f} s, {outcome.rows_per_second:,.0f} rows/s; {clean(target)}")
    if side:
        fields = ", ".join(f"{field or 'the model'} {count:,}" for field, count in outcome.rejected_by.items())
        warn(f"{outcome.rejected:,} rows rejected ({fields}): {side}")
