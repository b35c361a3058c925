"""Work beside scoring, on the loop that scores: however much there is, it holds the loop for a share of its time."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from time import perf_counter
from typing import Any


class LoopShare:
    """`most` is that share, above 0; 1 never rests. `now_s` may be any clock that goes on."""

    def __init__(self, most: float, now_s: Callable[[], float] = perf_counter) -> None:
        self.most = most
        self._now_s = now_s
        self._held_s = 0.0

    @property
    def rest_s(self) -> float:
        """How long the loop is to be left alone for what `spend` took since the last rest."""
        return self._held_s * (1 / self.most - 1)

    async def spend(self, work: Coroutine[Any, Any, None]) -> None:
        """Await `work`. What it waits for holds nobody up and costs nothing."""
        await self._step_by_step(work)

    async def rest(self) -> None:
        """At least a turn of the loop."""
        rest_s, self._held_s = self.rest_s, 0.0
        await asyncio.sleep(rest_s)

    @types.coroutine
    def _step_by_step(self, work: Coroutine[Any, Any, None]) -> Generator[Any, Any]:
        """What `yield from` does, with a clock around each step."""
        step: Callable[[Any], Any] = work.send
        given: Any = None
        while True:
            began_s = self._now_s()
            try:
                waits_for = step(given)
            except StopIteration:
                return
            finally:
                self._held_s += self._now_s() - began_s
            try:
                step, given = work.send, (yield waits_for)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is for the work to handle
                step, given = work.throw, error
