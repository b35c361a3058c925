"""`sluice dead-letters list | show | redrive`."""

import base64
import getpass
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from function_app.operator.commands.brakes import Who, Why, send
from function_app.operator.connections import AsJson, RunDir, opened, settings
from function_app.operator.console import clean, clean_lines, output, print_json, say, short, table, warn
from function_app.operator.hubs import read
from function_app.operator.running import Unknown, run
from shared.events import DeadLettered, Envelope, RedriveRequested, Unreadable, decode
from shared.ports import Absent, Refused

app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and why.")
_SHOWN_BYTES = 4096

LetterId = Annotated[str, typer.Argument(help="Id of the dead letter, or its first digits.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds to read the hub for at most.")]


@app.command("list", epilog="Example: sluice dead-letters list --service staging")
def list_letters(
    service: Annotated[str, typer.Option(help="Only those of this service.")] = "",
    timeout: Timeout = 30,
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Every dead letter that hub dead-letter still holds, oldest first."""
    letters, unreadable = run(_letters(run_dir, timeout))
    found = [letter for letter in letters if not service or letter.data.service == service]
    if unreadable:
        warn(f"{unreadable} messages on hub dead-letter are no dead letters of ours and are left out")
    if as_json:
        print_json([_json(letter) for letter in found])
    elif found:
        whole = {"no_wrap": True}
        fixed = [(name, whole) for name in ("time (UTC)", "service", "message", "id")]
        output().print(table([*fixed, "reason"], [_row(letter) for letter in found]))
    else:
        say("no dead letters")


@app.command(epilog="Example: sluice dead-letters show 1f0c2a77")
def show(
    letter_id: LetterId,
    timeout: Timeout = 30,
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """One dead letter with the whole reason and the message itself."""
    letter, body = run(_letter(run_dir, letter_id, timeout))
    if as_json:
        print_json({**_json(letter), **body.as_json()})
        return
    for name, value in _json(letter).items():
        say(Text.assemble((f"{name}: ", "cyan"), clean_lines(str(value))))
    say(Text("message:", style="cyan"))
    say(Text(body.as_text()))


@app.command(epilog="Example: sluice dead-letters redrive 1f0c2a77 --reason 'the parser knows it now'")
def redrive(
    letter_id: LetterId,
    reason: Why,
    operator: Who = "",
    timeout: Timeout = 30,
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Have the message of a dead letter handled again, once: it is sent to its service anew."""
    letter = run(_found(run_dir, letter_id, timeout))
    who = operator or getpass.getuser()
    command = RedriveRequested(service=letter.data.service, letter=letter.id, operator=who, reason=reason)
    send(command, settings(run_dir), as_json)


@dataclass(frozen=True, slots=True)
class Body:
    """The message as it came; `content` is None when it is deleted by now, and `missing` says why."""

    content: bytes | None
    missing: str = ""

    def as_text(self) -> str:
        """Readable JSON, or text, or hexadecimal digits; cut where it gets long."""
        if self.content is None:
            return clean(self.missing)
        try:
            text = json.dumps(json.loads(self.content), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            text = _decoded(self.content)
        more = (
            f"\n... {len(text) - _SHOWN_BYTES} more characters; --json prints all" if len(text) > _SHOWN_BYTES else ""
        )
        return clean_lines(text[:_SHOWN_BYTES]) + more

    def as_json(self) -> dict[str, Any]:
        if self.content is None:
            return {"message": None, "message_missing": self.missing}
        try:
            return {"message": self.content.decode()}
        except UnicodeDecodeError:
            return {"message_base64": base64.b64encode(self.content).decode()}


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.hex(" ")


async def _letters(run_dir: Path | None, timeout_s: float) -> tuple[list[Envelope[DeadLettered]], int]:
    """The letters, each once, and how many messages are none."""
    letters: dict[str, Envelope[DeadLettered]] = {}
    unreadable = 0
    for message in await read(settings(run_dir), "dead-letter", None, timeout_s):
        try:
            envelope = decode(message.body)
        except Unreadable:
            unreadable += 1
            continue
        if isinstance(envelope.data, DeadLettered):
            letters.setdefault(envelope.id, envelope)
        else:
            unreadable += 1
    return list(letters.values()), unreadable


async def _found(run_dir: Path | None, letter_id: str, timeout_s: float) -> Envelope[DeadLettered]:
    letters, _ = await _letters(run_dir, timeout_s)
    found = [letter for letter in letters if letter.id.startswith(letter_id)]
    if len(found) != 1:
        what = "no dead letter has this id" if not found else f"{len(found)} dead letters begin so"
        raise Unknown(f"{letter_id}: {what}; see `sluice dead-letters list`")
    return found[0]


async def _letter(run_dir: Path | None, letter_id: str, timeout_s: float) -> tuple[Envelope[DeadLettered], Body]:
    letter = await _found(run_dir, letter_id, timeout_s)
    async with opened(run_dir) as store:
        try:
            return letter, Body(await store.letters.read(letter.data.body))
        except (Absent, Refused) as error:
            return letter, Body(None, f"not to be had: {error}")


def _row(letter: Envelope[DeadLettered]) -> list[object]:
    data = letter.data
    message = f"{data.hub}/{data.partition} #{data.sequence}"
    last_line = data.reason.strip().rpartition("\n")[2]
    return [f"{letter.time:%m-%d %H:%M:%S}", data.service, message, short(letter.id), last_line]


def _json(letter: Envelope[DeadLettered]) -> dict[str, Any]:
    chain = {"correlation_id": letter.correlation_id, "causation_id": letter.causation_id}
    return {"id": letter.id, "time": letter.time.isoformat(), **letter.data.model_dump(mode="json"), **chain}
