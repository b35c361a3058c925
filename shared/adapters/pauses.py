"""The pause that a service over HTTP asks for when it refuses: `Retry-After`, in whichever form."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Whoever asks for longer is asked again after this: patience with an event ends, too.
LONGEST_PAUSE = timedelta(hours=1)
FIRST_ERROR = 400
_IN_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


def asked_pause(status: int, headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The pause that a refusal asks for, None where it asks for none or in no form that is known."""
    if status < FIRST_ERROR:
        return None
    known = {name.lower(): value for name, value in headers.items()}
    try:
        for name in _IN_MILLISECONDS:
            if name in known:
                return _bounded(timedelta(milliseconds=float(known[name])))
        return _bounded(_read(known["retry-after"], now)) if "retry-after" in known else None
    except (ValueError, OverflowError):
        return None


def _read(text: str, now: datetime) -> timedelta:
    """Seconds, or the moment itself (RFC 9110, 10.2.3). Raises `ValueError`."""
    if text.strip().replace(".", "", 1).isdecimal():
        return timedelta(seconds=float(text))
    moment = parsedate_to_datetime(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def _bounded(pause: timedelta) -> timedelta:
    return min(max(pause, timedelta()), LONGEST_PAUSE)
