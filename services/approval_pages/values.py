"""Numbers, times and names as people read them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.events import PackageRef

NONE = "\N{EN DASH}"
_SUPERSCRIPT = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")
# From here down, digits after the point are counted by nobody.
_SMALLEST = 1e-3
_STEPS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class When:
    """A moment three times: as a date, as it lies from now, and as a machine reads it."""

    text: str
    distance: str
    iso: str


def number(value: float | None, unit: str = "") -> str:
    """Four significant digits, large numbers grouped, very small ones as a power; a dash where there is none."""
    if value is None:
        return NONE
    if abs(value) >= 10_000:
        text = f"{value:,.0f}"
    elif 0 < abs(value) < _SMALLEST:
        digits, _, power = f"{value:.2e}".partition("e")
        text = f"{float(digits):g} \N{MULTIPLICATION SIGN} 10{str(int(power)).translate(_SUPERSCRIPT)}"
    else:
        text = f"{value:.4g}"
    return f"{text} {unit}".strip()


def share(rate: float) -> str:
    """A rate of rows or requests, which is 0 to 1."""
    return f"{rate:.1%}" if 0 < rate < 0.1 else f"{rate:.0%}"


def duration(seconds: float) -> str:
    """In the largest unit that it fills, and the next smaller one where something is left."""
    left, parts = round(abs(seconds)), list[str]()
    for name, size in _STEPS:
        count, left = divmod(left, size)
        if count:
            parts.append(_counted(count, name))
        elif parts:
            break
    return " ".join(parts[:2]) or f"{abs(seconds):.3g} s"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def when(at: datetime, now: datetime) -> When:
    at = at.astimezone(UTC)
    return When(f"{at:%A, %d %B %Y, %H:%M} UTC", distance(at - now), at.isoformat(timespec="seconds"))


def distance(ahead: timedelta) -> str:
    """`in 2 days`, `3 hours ago`: in the unit that it fills."""
    seconds = abs(ahead.total_seconds())
    if seconds < 1:
        return "now"
    name, size = next(step for step in _STEPS if seconds >= step[1])
    text = _counted(int(seconds // size), name)
    return f"in {text}" if ahead > timedelta(0) else f"{text} ago"


def day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def package_words(package: PackageRef) -> str:
    """Model and version, with enough of the digest to compare by eye."""
    return f"{package.model} ({package.digest[:12]})"


def plain(name: str) -> str:
    """A name of the program's as words: `comparison.log_loss` is `comparison: log loss`."""
    return name.replace("_", " ").replace(".", ": ")
