"""An exhibit of any kind, field by field: legible without a renderer of its own."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.approval_pages.evidence.showing import Block, Facts, Shown, Table
from services.approval_pages.values import NONE, number, plain
from shared.approvals import Exhibit
from shared.events.fields import in_utc

_MOST_FACTS, _MOST_ROWS, _LONGEST = 60, 50, 400
_DIGEST_LENGTH, _DIGEST_SHOWN = 64, 12
_DEEPEST, _GROUPED_FROM, _MORE = 6, 10_000, "…"


def show_anything(exhibit: Exhibit) -> Shown:
    title = plain(exhibit.kind.removeprefix("mlops.")).replace(": ", " ")
    facts = list(_facts(exhibit.data))
    left_out = f"{len(facts) - _MOST_FACTS} further fields are not shown." if len(facts) > _MOST_FACTS else ""
    blocks: list[Block] = [Facts(tuple(facts[:_MOST_FACTS]))] if facts else []
    return Shown(f"{title[:1].upper()}{title[1:]}", (*blocks, *_tables(exhibit.data)), left_out)


def _facts(data: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Nested names are joined; lists of things are tables of their own."""
    for name, value in data.items():
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _facts(value, f"{before}{name}_", depth + 1)
        elif not _is_table(value):
            yield plain(f"{before}{name}"), words(value)


def _tables(data: Mapping[str, Any]) -> Iterator[Block]:
    for name, value in data.items():
        if _is_table(value):
            columns = tuple(dict.fromkeys(str(column) for row in value for column in row))
            rows = tuple(tuple(words(row.get(column)) for column in columns) for row in value[:_MOST_ROWS])
            more = f" (the first {_MOST_ROWS} of {len(value)})" if len(value) > _MOST_ROWS else ""
            yield Table(f"{plain(name)}{more}", tuple(map(plain, columns)), rows)


def _is_table(value: object) -> bool:
    """A list of things that have fields."""
    return isinstance(value, Sequence) and bool(value) and all(isinstance(each, Mapping) and each for each in value)


def words(value: object, depth: int = 0) -> str:
    """A plain value of JSON as people read it."""
    if value is None or value in ("", [], {}):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= _GROUPED_FROM else str(value)
    if isinstance(value, float):
        return number(value)
    return _text(value) if isinstance(value, str) else _several(value, depth + 1)


def _several(value: object, depth: int) -> str:
    """What is nested deeper than anybody reads is only said to be there."""
    if depth > _DEEPEST:
        return _MORE
    if isinstance(value, Mapping):
        return _cut(", ".join(f"{plain(str(name))} {words(each, depth)}" for name, each in value.items()))
    return _cut(", ".join(words(each, depth) for each in value)) if isinstance(value, Sequence) else _cut(str(value))


def _text(value: str) -> str:
    if len(value) == _DIGEST_LENGTH and not value.strip("0123456789abcdef"):
        return value[:_DIGEST_SHOWN]
    if value.startswith("/subscriptions/"):
        return _cut(value.rpartition("/")[2])
    try:
        moment = in_utc(datetime.fromisoformat(value)).astimezone(UTC) if "T" in value else None
    except (ValueError, OverflowError):
        moment = None
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else _cut(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}{_MORE}"
