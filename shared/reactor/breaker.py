"""A lane whose events mostly meet bugs of ours stops, before it has emptied the hub into dead letters.

It holds its position until a person says that it may go on, or another build runs. What cannot be read never counts.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events import Envelope, LaneStopped, derive_id
from shared.ports import Clock, EventPublisher, LaneBook, Stop, Unavailable


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A lane stops when at least `bugs` events, and more than `share` of all, met bugs within `window`."""

    bugs: int = 10
    share: float = 0.5
    window: timedelta = timedelta(minutes=1)


class Breaker:
    """`build` names the code that runs. What people order is heard whatever happens: `never` stop these lanes."""

    def __init__(
        self, book: LaneBook, publisher: EventPublisher, clock: Clock, build: str,
        never: frozenset[str] = frozenset({"commands"}), tolerance: Tolerance | None = None,
    ) -> None:  # fmt: skip
        self._book, self._publisher, self._clock, self._build = book, publisher, clock, build
        self._never, self._tolerance = never, tolerance or Tolerance()
        self._ended: dict[str, deque[tuple[datetime, str]]] = {}
        self._asked: set[str] = set()
        self._open: set[str] = set()

    async def check(self, lane: str, *, afresh: bool = False) -> None:
        """Raise `Unavailable` while this lane must not go on. The store is asked at first, and while it is stopped.

        `afresh`: also otherwise, since another instance may have stopped the lane for which this one reads.
        """
        if lane in self._asked and lane not in self._open and not afresh:
            return
        stop = await self._book.stopped(lane)
        self._asked.add(lane)
        if stop is None or stop.build != self._build:
            self._open.discard(lane)
            return
        self._open.add(lane)
        raise Unavailable(f"lane {lane} was stopped: {stop.reason}; go on with: sluice lanes resume {lane}")

    async def count(self, lane: str, bug: str) -> None:
        """Note how one event of this lane fared: the `bug` that it met in words, or "". Raises `Unavailable`."""
        now = self._clock.now()
        ended = self._ended.setdefault(lane, deque())
        ended.append((now, bug))
        while now - ended[0][0] > self._tolerance.window:
            ended.popleft()
        bugs = sum(1 for _, each in ended if each)
        if bug and lane not in self._never and self._is_too_much(bugs, len(ended)):
            await self._stop(lane, bugs, len(ended), bug)

    def _is_too_much(self, bugs: int, events: int) -> bool:
        return bugs >= self._tolerance.bugs and bugs > self._tolerance.share * events

    async def _stop(self, lane: str, bugs: int, events: int, bug: str) -> None:
        now = self._clock.now()
        await self._book.stop(lane, Stop(self._build, now, bug))
        self._open.add(lane)
        self._ended[lane].clear()
        stopped = LaneStopped(lane=lane, bugs=bugs, events=events, reason=bug)
        identity = derive_id("lane-stopped", lane, self._build, now.isoformat())
        await self._publisher.publish(
            "events", [Envelope.first(stopped, id=identity, source="/sluice/lanes", time=now)]
        )
