"""`sluice dead-letters list | show`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from function_app.operator.connections import AsJson, RunDir, Wide, opened
from function_app.operator.console import clean_lines, output, print_json, say, short, table, warn
from function_app.operator.letters.body import Body
from function_app.operator.letters.reading import (
    Filter,
    Letter,
    Matching,
    OfService,
    Since,
    Until,
    all_letters,
    last_line,
    one,
)
from function_app.operator.ordering.names import services_of_this_build
from function_app.operator.running import run
from shared.ports import Absent, Refused

app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and why.")

LetterId = Annotated[str, typer.Argument(help="Id of the dead letter, or its first digits.")]
Reading = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to read the hub for at most.")]


@app.command("list", epilog="Example: sluice dead-letters list --service staging --matching 'no such field' --since 2h")
def list_letters(
    service: OfService = "", matching: Matching = "", since: Since = "", until: Until = "", timeout: Reading = 30,
    wide: Wide = False, as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Every dead letter that hub dead-letter still holds, oldest first."""
    wanted = Filter.of(service, matching, since, until)
    found = run(_filtered(run_dir, wanted, timeout))
    if as_json:
        print_json([_json(letter) for letter in found])
    elif found:
        whole = {"no_wrap": True}
        fixed = [(name, whole) for name in ("time (UTC)", "of", "message", "id")]
        output().print(table([*fixed, "reason"], [_row(letter) for letter in found], wide))
    else:
        say("no dead letters" if wanted == Filter() else "no dead letter is like that")


@app.command(epilog="Example: sluice dead-letters show 1f0c2a77")
def show(letter_id: LetterId, timeout: Reading = 30, as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """One dead letter with the whole reason and the message itself."""
    letter, body = run(_letter(run_dir, letter_id, timeout))
    if as_json:
        print_json({**_json(letter), **body.as_json()})
        return
    for name, value in _json(letter).items():
        say(Text.assemble((f"{name}: ", "cyan"), clean_lines(str(value))))
    say(Text("message:", style="cyan"))
    say(Text(body.as_text()))


async def _filtered(run_dir: Path | None, wanted: Filter, timeout_s: float) -> list[Letter]:
    letters, unreadable = await all_letters(run_dir, timeout_s)
    if unreadable:
        warn(f"{unreadable} messages on hub dead-letter are no dead letters of ours and are left out")
    return wanted.of_all(letters, services_of_this_build())


async def _letter(run_dir: Path | None, letter_id: str, timeout_s: float) -> tuple[Letter, Body]:
    letter = await one(run_dir, letter_id, timeout_s)
    async with opened(run_dir) as store:
        try:
            return letter, Body(await store.letter_bodies.read(letter.data.body))
        except (Absent, Refused) as error:
            return letter, Body(None, f"not to be had: {error}")


def _row(letter: Letter) -> list[object]:
    data = letter.data
    message = f"{data.hub}/{data.partition} #{data.sequence}"
    return [f"{letter.time:%m-%d %H:%M:%S}", data.service, message, short(letter.id), last_line(data.reason)]


def _json(letter: Letter) -> dict[str, Any]:
    chain = {"correlation_id": letter.correlation_id, "causation_id": letter.causation_id}
    return {"id": letter.id, "time": letter.time.isoformat(), **letter.data.model_dump(mode="json"), **chain}
