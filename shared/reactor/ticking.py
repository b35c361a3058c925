"""What control does by the clock, in one function: each part in its own time, and none in another's way.

One timer, since each function that a timer wakes is paid for by itself: at least a second each time. The host may run
it twice at once, or again as soon as it has ended: each part may be repeated at any time, and a run of all of them ends
before the next is due.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

log = logging.getLogger("sluice.tick")
# A look that comes a little early counts: the host's timer and this clock are not the same.
_EARLY = 0.9
# The timer fires each minute (setting TICK): a run takes less, and a gap of three is worth a word.
_INTERVAL = timedelta(minutes=1)
LATE = 3 * _INTERVAL


@dataclass(frozen=True, slots=True)
class Part:
    """`every` is the least time between two starts, `budget` what one run is given, less than a minute.

    One that says True has more to do, and is due at once; one that failed, or ran out of its budget, after a minute.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    every: timedelta = timedelta()
    budget: timedelta = timedelta(seconds=50)

    def __post_init__(self) -> None:
        if self.budget >= _INTERVAL:
            raise ValueError(f"{self.name}: a budget below the timer's interval, {_INTERVAL}, is required")


class PartsFailed(ExceptionGroup[Exception]):
    """Some parts of a tick failed; the others were done."""


@dataclass(slots=True)
class Ticking:
    """`now` counts seconds, from anywhere."""

    parts: Sequence[Part]
    now: Callable[[], float] = time.monotonic
    _due: dict[str, float] = field(default_factory=dict)
    _last: float | None = None
    _is_late: bool = False

    async def tick(self) -> None:
        """All parts whose time has come, side by side; raises `PartsFailed` when all have ended."""
        self._say_if_late()
        due = [part for part in self.parts if self._is_due(part)]
        failed = [error for error in await asyncio.gather(*(self._one(part) for part in due)) if error]
        if failed:
            raise PartsFailed("parts of a tick failed", failed)

    def _say_if_late(self) -> None:
        """Once, until a tick comes in time again."""
        gap = 0.0 if self._last is None else self.now() - self._last
        self._last, was_late, self._is_late = self.now(), self._is_late, gap >= LATE.total_seconds()
        if self._is_late and not was_late:
            log.warning("the clock was late: %.0f s passed between two ticks, and a minute should", gap)

    def _is_due(self, part: Part) -> bool:
        now = self.now()
        if now < self._due.get(part.name, now):
            return False
        self._due[part.name] = now + part.every.total_seconds() * _EARLY
        return True

    async def _one(self, part: Part) -> Exception | None:
        began = self.now()
        try:
            async with asyncio.timeout(part.budget.total_seconds()):
                if await part.run() is True:
                    self._due.pop(part.name, None)
        except Exception as error:  # what else is periodic goes on; raised once all is done
            log.exception("%s failed", part.name)
            self._due[part.name] = began + min(part.every, _INTERVAL).total_seconds() * _EARLY
            return error
        return None
