"""Moments as people say them."""

import re
from datetime import UTC, datetime, timedelta

import typer

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def ago(text: str) -> datetime:
    """`30s`, `10m`, `2h`, `1d`, or a moment in ISO 8601."""
    match = _AGO.fullmatch(text.strip().lower())
    if match:
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither like 30s, 10m, 2h, 1d nor a moment like 2026-03-02T09:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def age(since: datetime, now: datetime) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d`: in the largest unit that says at least two, rounded down."""
    seconds = max(int((now - since).total_seconds()), 0)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
