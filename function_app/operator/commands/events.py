"""`sluice events tail`."""

from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from function_app.operator.connections import AsJson, RunDir, settings
from function_app.operator.console import clean, print_json, say, short
from function_app.operator.explaining.words import details
from function_app.operator.hubs import Received, follow, read
from function_app.operator.ledger.views import short_entity, short_type
from function_app.operator.moments import ago
from function_app.operator.running import run
from shared.events import Entity
from shared.ports import Hub

app = typer.Typer(no_args_is_help=True, help="What is said on the hubs.")


@dataclass(frozen=True, slots=True)
class Filter:
    """Parts of the event's type and of its subject, in any case."""

    type: str
    entity: str

    def takes(self, event: dict[str, Any]) -> bool:
        return self.type.lower() in type_of(event).lower() and self.entity.lower() in subject_of(event).lower()


def type_of(event: dict[str, Any]) -> str:
    """Event Grid's own schema says `eventType`."""
    return str(event.get("type") or event.get("eventType") or "unreadable")


def subject_of(event: dict[str, Any]) -> str:
    return str(event.get("subject") or "")


@app.command(epilog="Examples: sluice events tail --since 1h --type drift · sluice events tail --hub inbound --follow")
def tail(
    hub: Annotated[Hub, typer.Option(help="Which hub.")] = "events",
    type: Annotated[str, typer.Option(help="Only events whose type contains this text.")] = "",
    entity: Annotated[str, typer.Option(help="Only events whose subject contains this text.")] = "",
    since: Annotated[str, typer.Option(help="How far back: 30s, 10m, 2h, 1d, or a moment in ISO 8601.")] = "10m",
    following: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on until Ctrl-C.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to read for at most, without --follow.")] = 30,
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Events of one hub, in the order of arrival. With --json, one object a line."""
    wanted, start = Filter(type, entity), ago(since)
    if following:
        run(_follow(run_dir, hub, start, wanted, as_json))
        return
    for message in run(_read(run_dir, hub, start, timeout)):
        _print(message, wanted, as_json)


async def _read(run_dir: Path | None, hub: Hub, since: datetime, timeout_s: float) -> list[Received]:
    return await read(settings(run_dir), hub, since, timeout_s)


async def _follow(run_dir: Path | None, hub: Hub, since: datetime, wanted: Filter, as_json: bool) -> None:
    async with aclosing(follow(settings(run_dir), hub, since)) as messages:
        async for message in messages:
            _print(message, wanted, as_json)


def _print(message: Received, wanted: Filter, as_json: bool) -> None:
    for event in message.events():
        if not wanted.takes(event):
            continue
        if as_json:
            place = {"hub": message.hub, "partition": message.partition, "sequence": message.sequence}
            print_json({**place, "enqueued_at": message.enqueued_at.isoformat(), "event": event}, lines=True)
        else:
            say(_line(message, event))


def _line(message: Received, event: dict[str, Any]) -> Text:
    text = Text(f"{message.enqueued_at:%H:%M:%S} ", style="dim")
    text.append(short_type(type_of(event)), style="bold not dim")
    text.append(f"  {_entity(event)}  {clean(details(event))}", style="not dim")
    return text.append(f"  {short(str(event.get('id', '')))}")


def _entity(event: dict[str, Any]) -> str:
    try:
        return short_entity(Entity.parse(subject_of(event)))
    except ValueError:
        return clean(subject_of(event))
