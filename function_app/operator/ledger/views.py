"""Decisions as lines, tables and JSON."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from function_app.operator.console import clean, short
from shared.events import Entity
from shared.ports import Entry, Mark, Progress

_MARKS = {"performed": ("✓", "green"), "refused": ("✗", "red"), "superseded": ("↷", "yellow"), "skipped": ("-", "dim")}
_PENDING = ("…", "yellow")
_JOINED = "\N{NO-BREAK SPACE}"


def short_entity(entity: Entity) -> str:
    """Kind and name: within one Sluice that is nearly always enough."""
    return clean(f"{entity.kind} {entity.name}")


def short_type(event_type: str) -> str:
    return clean(event_type).removeprefix("mlops.")


def effect_name(effect: Mapping[str, Any]) -> str:
    """The effect's kind; for a published event, its type."""
    data = effect.get("data") or {}
    event = data.get("event") if isinstance(data, Mapping) else None
    if effect.get("kind") == "publish" and isinstance(event, Mapping):
        return short_type(str(event.get("type", "publish")))
    return clean(effect.get("kind", "?"))


def outcome(mark: Mark | None, settled: bool) -> str:
    """In words; an effect after one that was not performed is skipped, and before that pending."""
    if mark is not None:
        return mark.outcome
    return "skipped" if settled else "pending"


def effects_text(progress: Progress) -> Text:
    text = Text()
    for index, effect in enumerate(progress.entry.effects):
        sign, style = _MARKS.get(outcome(progress.marks.get(index), progress.settled), _PENDING)
        text.append(", " if index else "").append(effect_name(effect) + _JOINED).append(sign, style=style)
    return text


def row(progress: Progress) -> list[object]:
    entry = progress.entry
    return [
        f"{entry.decided_at:%m-%d %H:%M:%S}",
        entry.service,
        short_entity(entry.entity),
        short_type(str(entry.event.get("type", "?"))),
        effects_text(progress),
        short(entry.policy),
        short(entry.event_id),
    ]


def effects_json(progress: Progress) -> list[dict[str, Any]]:
    """Each effect with what became of it."""
    found = []
    for index, effect in enumerate(progress.entry.effects):
        mark = progress.marks.get(index)
        reason = mark.reason if mark else ""
        found.append({**effect, "outcome": outcome(mark, progress.settled), "reason": reason})
    return found


def summary_json(progress: Progress) -> dict[str, Any]:
    entry = progress.entry
    return {
        "decided_at": entry.decided_at.isoformat(),
        "service": entry.service,
        "entity": str(entry.entity),
        "position": entry.position,
        "event_id": entry.event_id,
        "event_type": entry.event.get("type"),
        "effects": [
            {"kind": effect.get("kind"), "name": effect_name(effect), "outcome": effect["outcome"]}
            for effect in effects_json(progress)
        ],
        "settled": progress.settled,
        "policy": entry.policy,
    }


def entry_json(progress: Progress) -> dict[str, Any]:
    """The whole record, under the names that the hash covers, and what became of it."""
    entry: Entry = progress.entry
    return {
        "service": entry.service,
        "entity": str(entry.entity),
        "event_id": entry.event_id,
        "position": entry.position,
        "decided_at": entry.decided_at.isoformat(),
        "event": entry.event,
        "facts": entry.facts,
        "policy": entry.policy,
        "state": entry.state,
        "effects": effects_json(progress),
        "previous": entry.previous,
        "hash": entry.hash,
        "settled": progress.settled,
        "lease": {"owner": progress.lease.owner, "left_s": progress.left.total_seconds()} if progress.lease else None,
    }
