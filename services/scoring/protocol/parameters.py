"""What a caller may say about its rows, in the request's `parameters`, so that they can be found and timed later.

The protocol's parameters are plain values, so both take a JSON array, a text with a JSON array in it, or one value:
`keys` identifies rows (labels come under the same keys), `observed_at` is their business time in ISO 8601.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from services.scoring.protocol.answers import Invalid

_LONGEST_KEY = 256
# Windows are cut by these times and closed by the newest of them, so one that is far ahead would make everybody else's
# rows late. What is further off than this is a wrong clock or unit; 1970, the zero of many, is always refused.
MOST_AHEAD, MOST_BEHIND = timedelta(minutes=5), timedelta(days=50 * 365)


def keys_of(value: object, rows: int) -> Sequence[str]:
    """One key per row; a single key stands for a single row."""
    found = _list(value, "keys")
    if len(found) != rows:
        raise Invalid(f"parameters.keys: {len(found)} keys for {rows} rows")
    if not all(isinstance(key, str) and 0 < len(key) <= _LONGEST_KEY for key in found):
        raise Invalid(f"parameters.keys: every key must be a text of 1 to {_LONGEST_KEY} characters")
    return [str(key) for key in found]


def moments_of(value: object, rows: int) -> Sequence[datetime]:
    """One time per row, in UTC; a single one stands for all rows."""
    found = _list(value, "observed_at")
    if len(found) == 1:
        return [_moment(found[0])] * rows
    if len(found) != rows:
        raise Invalid(f"parameters.observed_at: {len(found)} times for {rows} rows")
    return [_moment(each) for each in found]


def check_horizon(moments: Sequence[datetime], now: datetime) -> None:
    """Raises `Invalid` for a time further from `now` than `MOST_BEHIND` before or `MOST_AHEAD` after it."""
    for moment in (min(moments), max(moments)):
        if not now - MOST_BEHIND <= moment <= now + MOST_AHEAD:
            years, minutes = MOST_BEHIND.days // 365, MOST_AHEAD.seconds // 60
            raise Invalid(
                f"parameters.observed_at: {moment.isoformat()} is not within {years} years before "
                f"and {minutes} minutes after {now.isoformat(timespec='seconds')}"
            )


def _list(value: object, name: str) -> list[object]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Invalid(f"parameters.{name}: not a JSON array ({error})") from None
    return value if isinstance(value, list) else [value]


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"parameters.observed_at: an ISO 8601 time is required, found {value!r:.100}") from None
