"""`sluice status`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from function_app.operator.commands.brakes import brake_json, brakes_table
from function_app.operator.connections import AsJson, RunDir, Wide, opened, settings
from function_app.operator.console import output, print_json, say, table, warn
from function_app.operator.letters.reading import Letter, all_letters, by_reason
from function_app.operator.running import run
from function_app.operator.standing.lane_words import lane_json, lane_summary
from function_app.operator.standing.lanes import Behind, hub_reader, lanes
from function_app.operator.standing.snapshot import Snapshot, snapshot
from function_app.operator.standing.words import (
    approval_json,
    approvals_table,
    endpoint_json,
    endpoints_table,
    pending_json,
    pending_table,
)
from shared.ports import Refused, Unavailable
from shared.settings.operator import NoSettings

Reading = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to ask the hubs for at most.")]


@dataclass(frozen=True, slots=True)
class _Letters:
    """`missing` says why they could not be read, empty when they could."""

    found: Sequence[Letter] = ()
    missing: str = ""


def status(timeout: Reading = 15, wide: Wide = False, as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """How things stand: endpoints, open questions, brakes, lanes, dead letters, and what waits with its reason."""
    now, base_url = datetime.now(UTC), settings(run_dir).approval_base_url
    taken, readers, letters = run(_all(run_dir, timeout))
    if as_json:
        print_json(_json(taken, readers, letters, base_url))
        return
    for reason in taken.unread:
        warn(reason)
    _part("endpoints", len(taken.endpoints), endpoints_table(taken.endpoints, now, wide))
    _part("open approvals", len(taken.approvals), approvals_table(taken.approvals, now, base_url, wide))
    _part("brakes", len(taken.brakes), brakes_table(taken.brakes))
    _part("lanes", len(readers), lane_summary(readers))
    _letters_part(letters, wide)
    _part("pending", len(taken.pending), pending_table(taken.pending, now, wide))


async def _all(run_dir: Path | None, timeout_s: float) -> tuple[Snapshot, Sequence[Behind], _Letters]:
    async with opened(run_dir) as store:
        hubs = hub_reader(settings(run_dir), timeout_s)
        return await asyncio.gather(
            snapshot(store),
            lanes(store.positions, store.folds, store.lanes, store.ledger, hubs),
            _letters(run_dir, timeout_s),
        )


async def _letters(run_dir: Path | None, timeout_s: float) -> _Letters:
    try:
        found, _ = await all_letters(run_dir, timeout_s)
    except (Unavailable, Refused, NoSettings) as error:
        return _Letters(missing=str(error))
    return _Letters(found)


def _part(name: str, count: int, shown: RenderableType) -> None:
    say(Text.assemble((f"{name}: ", "bold"), str(count) if count else "none"))
    if count:
        output().print(shown)
        say()


def _letters_part(letters: _Letters, wide: bool) -> None:
    if letters.missing:
        say(Text.assemble(("dead letters: ", "bold"), f"not to be had: {letters.missing}"))
        return
    rows = [(str(count), service, reason) for service, reason, count in by_reason(letters.found)]
    _part("dead letters", len(letters.found), table([("letters", {"justify": "right"}), "of", "reason"], rows, wide))


def _json(taken: Snapshot, readers: Sequence[Behind], letters: _Letters, base_url: str) -> dict[str, Any]:
    counted = [{"service": service, "reason": why, "count": count} for service, why, count in by_reason(letters.found)]
    return {
        "endpoints": [endpoint_json(each) for each in taken.endpoints],
        "approvals": [approval_json(each, base_url) for each in taken.approvals],
        "brakes": [brake_json(each) for each in taken.brakes],
        "lanes": [lane_json(each) for each in readers],
        "dead_letters": None if letters.missing else counted,
        "pending": [pending_json(each) for each in taken.pending],
        "unread": [*taken.unread, *([letters.missing] if letters.missing else [])],
    }
