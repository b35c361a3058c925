"""Work on what requests leave behind, by a thread beside the event loop: a bounded buffer, and a count of the lost."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Thread

logger = logging.getLogger("sluice.scoring")

_EVERY_S = 0.25
_AT_ONCE = 500


class OffLoop[T]:
    """`offer` is called on the loop and never waits. `take` gets what waits in portions; what it raises is logged."""

    def __init__(self, name: str, take: Callable[[Sequence[T]], None], most: int) -> None:
        self._take = take
        self._most = most
        self._waiting: deque[T] = deque()
        self._overflowed = 0  # written by the loop alone, as `_failed` is by the thread: no lock is needed
        self._failed = 0
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    @property
    def dropped(self) -> int:
        return self._overflowed + self._failed

    def start(self) -> None:
        self._thread.start()

    def offer(self, item: T) -> None:
        if len(self._waiting) < self._most:
            self._waiting.append(item)
        else:
            self._overflowed += 1

    def stop(self, within_s: float) -> None:
        """Take what still waits, unless that takes too long."""
        self._stopping.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while self._waiting:
            portion = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            try:
                self._take(portion)
            except Exception:  # the thread goes on; what was lost is counted
                self._failed += len(portion)
                logger.exception("%s: %d lost", self._thread.name, len(portion))
