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
    from function_app.operator.scoring.local import Asked, Outcome, Tell
    from services.scoring.files import FileOptions

SOME_REJECTED, COULD_NOT_RUN = 1, 2
_TEXTS = "Files of texts (.csv, .tsv)"
_BESIDE = "Files beside the rows"
EXAMPLES = " · ".join(
    f"sluice score {each} --endpoint flights"
    for each in (
        "in.parquet out.parquet", "in.csv out.parquet --separator ';' --decimal , --missing NA",
        "training.csv out.parquet --prefix model_", "images.csv out.parquet --files-in photos/",
        "in.csv --submit --wait",
    )
)  # fmt: skip


def score(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="Rows to score: .parquet, .csv, .tsv, .csv.gz, .tsv.gz.", dir_okay=False),
    ],
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
    prefix: Annotated[
        str, typer.Option(help="Begins the names that OUT adds, where IN has columns of the same names.")
    ] = "",
    separator: Annotated[
        str, typer.Option(help="Between cells: one character, or tab. By default by IN's name.", rich_help_panel=_TEXTS)
    ] = "",
    decimal: Annotated[str, typer.Option(help="Point or comma in numbers.", rich_help_panel=_TEXTS)] = ".",
    missing: Annotated[
        list[str] | None,
        typer.Option(help="A text that stands for a missing value, as NA; may be given again.", rich_help_panel=_TEXTS),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of the texts, as latin-1.", rich_help_panel=_TEXTS)] = "utf-8",
    files_in: Annotated[
        Path | None,
        typer.Option(
            help="A folder: columns of texts for images and tensors are paths in it.", rich_help_panel=_BESIDE
        ),
    ] = None,
    path_column: Annotated[
        list[str] | None,
        typer.Option(help="With --files-in: a column of paths to texts; may be given again.", rich_help_panel=_BESIDE),
    ] = None,
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
        if submit and files_in:
            raise Unknown("--files-in is for files that are scored here: a job has no such folder")
        if path_column and not files_in:
            raise Unknown("--path-column is for --files-in, which says where the paths begin")
        if not source.is_file():
            raise Unknown(f"{source}: there is no such file")
        options = _options(separator, decimal, missing or [], encoding, prefix)
        found = settings(run_dir)
        ref = _endpoint(found, endpoint)
        if target is None:
            rejected = submit_file(found, ref, source, options, timeout if wait else None, as_json)
        else:
            from function_app.operator.scoring.local import Asked

            asked = Asked(source, target, chunk_rows, force, options, files_in, tuple(path_column or ()))
            outcome = _score(found, ref, asked, threads, quiet=as_json)
            _say(outcome, target, as_json)
            rejected = outcome.rejected
    if rejected:
        raise typer.Exit(SOME_REJECTED)


def _options(separator: str, decimal: str, missing: list[str], encoding: str, prefix: str) -> "FileOptions":
    from services.scoring.files import FileOptions, TextFormat

    separator = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
    text = TextFormat(separator, decimal, frozenset(missing), encoding)
    return FileOptions(None if text == TextFormat() else text, prefix)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever keeps it from running is one sentence and one exit code."""
    from services.scoring.files import NotScorable, unforeseen

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
    except Exception as error:  # a mistake of ours is no traceback, and not the exit code of rejected rows
        warn(f"sluice: nothing was written: {unforeseen(error)}: {str(error).partition(chr(10))[0]:.300}")
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


def _score(found: OperatorSettings, endpoint: EndpointRef, asked: "Asked", threads: int, quiet: bool) -> "Outcome":
    # Imported here: pyarrow and ONNX Runtime would slow down every other command's start.
    from function_app.operator.scoring.local import current_version, score_here

    served = run(current_version(found.storage(), endpoint, threads))
    with _progress(quiet) as tell, _between_chunks(tell) as tell_or_end:
        return score_here(served, asked, tell_or_end, _say_removed)


def _say_removed(drafts: list[Path]) -> None:
    if drafts:
        warn(f"removed what a run left that was killed: {', '.join(path.name for path in drafts)}")


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
