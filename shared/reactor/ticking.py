"""What control does by the clock, in one function: each part in its own time, and none in another's way.

One timer, since each function that a timer wakes is paid for by itself: at least a second each time.
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


@dataclass(frozen=True, slots=True)
class Part:
    """`every` is the least time between two starts, `budget` what one run is given.

    One that says True has more to do, and is due at once.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    every: timedelta = timedelta()
    budget: timedelta = timedelta(seconds=50)


class PartsFailed(ExceptionGroup[Exception]):
    """Some parts of a tick failed; the others were done."""


@dataclass(slots=True)
class Ticking:
    """`now` counts seconds, from anywhere."""

    parts: Sequence[Part]
    now: Callable[[], float] = time.monotonic
    _started: dict[str, float] = field(default_factory=dict)

    async def tick(self) -> None:
        """All parts whose time has come, side by side; raises `PartsFailed` when all have ended."""
        due = [part for part in self.parts if self._is_due(part)]
        failed = [error for error in await asyncio.gather(*(self._one(part) for part in due)) if error]
        if failed:
            raise PartsFailed("parts of a tick failed", failed)

    def _is_due(self, part: Part) -> bool:
        last = self._started.get(part.name)
        if last is not None and self.now() - last < part.every.total_seconds() * _EARLY:
            return False
        self._started[part.name] = self.now()
        return True

    async def _one(self, part: Part) -> Exception | None:
        try:
            async with asyncio.timeout(part.budget.total_seconds()):
                if await part.run() is True:
                    del self._started[part.name]
        except Exception as error:  # what else is periodic goes on; raised once all is done
            log.exception("%s failed", part.name)
            return error
        return None
