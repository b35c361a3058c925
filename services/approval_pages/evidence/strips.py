"""A number, where it surely lies, and its limit, as a small picture: what may be is shaded, the limit is a line."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.events.staging import Bound

WIDTH, HEIGHT = 160.0, 18.0
_EDGE = 6.0


@dataclass(frozen=True, slots=True)
class Strip:
    """Places along the strip, 0 to `WIDTH`; `allowed` from and how wide. `words` say the same to who cannot see it."""

    words: str
    dot: float | None
    span: tuple[float, float] | None
    limit: float | None
    allowed: tuple[float, float] | None
    width: float = WIDTH
    height: float = HEIGHT


def strip(
    value: float | None, span: tuple[float | None, float | None], limit: float | None, bound: Bound | None, words: str
) -> Strip | None:
    """None where there is nothing to compare: without a limit, or without anything measured."""
    low, high = span
    if limit is None or (value is None and (low is None or high is None)):
        return None
    place = _Scale.over(each for each in (0.0, value, low, high, limit) if each is not None)
    at = place(limit)
    return Strip(
        words=words,
        dot=place(value) if value is not None else None,
        span=(place(low), place(high)) if low is not None and high is not None else None,
        limit=at,
        allowed={"at most": (0.0, at), "at least": (at, WIDTH - at)}[bound] if bound else None,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    least: float
    most: float

    @classmethod
    def over(cls, values: Iterable[float]) -> "_Scale":
        found = list(values)
        return cls(min(found), max(found))

    def __call__(self, value: float) -> float:
        """Differences of the largest numbers there are would overflow, so each is divided first."""
        reach = self.most / 2 - self.least / 2
        part = (value / 2 - self.least / 2) / reach if reach else 0.5
        return round(_EDGE + part * (WIDTH - 2 * _EDGE), 1)
