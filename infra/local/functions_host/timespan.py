""".NET TimeSpan text, which host.json and timer schedules use: `[d.]hh:mm:ss[.fffffff]`."""

import re
from datetime import timedelta

_TIMESPAN = re.compile(r"(?:(?P<d>\d+)\.)?(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.(?P<f>\d{1,7}))?)?")


def parse_timespan(text: str) -> timedelta:
    """Raises `ValueError` when the text is not a TimeSpan, or hours, minutes or seconds are out of range."""
    match = _TIMESPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a TimeSpan ([d.]hh:mm:ss)")
    hours, minutes, seconds = (int(match[part] or 0) for part in "hms")
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{text!r}: hours, minutes or seconds out of range")
    ticks = int((match["f"] or "0").ljust(7, "0"))
    days = int(match["d"] or 0)
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=ticks // 10)
