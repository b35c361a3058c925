"""`sluice score --submit`: the file is handed over, and with `--wait` its answer is waited for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from function_app.operator.console import clean, print_json, say, warn
from function_app.operator.running import INTERRUPTED, Unknown, run
from shared.events import BatchCompleted, BatchFailed, BatchStarted, EndpointRef
from shared.settings.operator import OperatorSettings

if TYPE_CHECKING:
    from services.scoring.files import FileOptions

# By how much a hub's clock may be behind ours.
_SKEW = timedelta(minutes=5)


def submit_file(
    found: OperatorSettings, endpoint: EndpointRef, source: Path, options: "FileOptions", wait_s: float | None,
    as_json: bool,
) -> int:  # fmt: skip
    """How many rows are known to be rejected; `wait_s` None: nothing is waited for.

    Raises `NotScorable` for a file that no job could read, and `Unknown` for one that was not scored, or not in time.
    """
    from function_app.operator.scoring.submitting import send
    from services.scoring.files import open_rows

    open_rows(source, text=options.text)
    since = datetime.now(UTC) - _SKEW
    sent = run(send(found.batch_address(), endpoint.name, source, options.written()))
    if not as_json:
        say(f"sent: batch-in/{clean(sent.name)} ({clean(sent.etag)})")
    if wait_s is None:
        _say_where_to_look(sent.name, sent.etag, as_json)
        return 0
    event = _answer(found, sent.etag, since, wait_s, as_json)
    if as_json:
        print_json({"blob": f"batch-in/{sent.name}", "type": event.type, **event.model_dump(mode="json")})
    if isinstance(event, BatchFailed):
        raise Unknown(f"{sent.name} was not scored: {event.reason}")
    if not as_json:
        _say_completed(event)
    return event.rejected


def _say_where_to_look(blob: str, etag: str, as_json: bool) -> None:
    if as_json:
        print_json({"blob": f"batch-in/{blob}", "etag": etag})
    else:
        say("its answer is mlops.batch.completed or mlops.batch.failed: sluice events tail --follow --type batch")


def _answer(
    found: OperatorSettings, etag: str, since: datetime, wait_s: float, as_json: bool
) -> BatchCompleted | BatchFailed:
    from function_app.operator.scoring.waiting import answer

    def started(event: BatchStarted) -> None:
        if not as_json:
            say(f"job {clean(event.job.name)}, attempt {event.attempt}: {clean(event.package.model)}")

    try:
        return run(answer(found, etag, since, wait_s, started))
    except typer.Exit as ended:
        if ended.exit_code == INTERRUPTED:
            warn("sluice: interrupted; the work goes on without us: sluice events tail --follow --type batch")
        raise


def _say_completed(event: BatchCompleted) -> None:
    say(f"{event.rows - event.rejected:,} of {event.rows:,} rows scored in {event.seconds:.2f} s")
    say(f"batch-out/{clean(event.output)}/")
    if event.rejected:
        fields = ", ".join(f"{field or 'the model'} {count:,}" for field, count in event.rejected_by.items())
        warn(f"{event.rejected:,} rows rejected ({fields}): batch-out/{event.output}/rejected-*.parquet")
