"""When the requests that wait are run: only the door knows who else may still come, so it chooses, and owns the choice.

At the end of a turn of the event loop at the latest. Those that wait together share a run.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

type Run = Callable[[], None]


class Batching(Protocol):
    def wait(self, run: Run) -> None:
        """The first request since the last run waits: have `run` called in this turn of the loop, or at once."""
        ...


class EndOfTurn:
    """For any door: whoever came in the same turn shares a run, and nobody waits for later ones."""

    def wait(self, run: Run) -> None:
        asyncio.get_running_loop().call_soon(run)


class FirstAtOnce:
    """For a door that gives each request a task: who comes first in a turn does not wait for its end."""

    def __init__(self) -> None:
        self._is_turn_taken = False

    def wait(self, run: Run) -> None:
        loop = asyncio.get_running_loop()
        if self._is_turn_taken:
            loop.call_soon(run)
        else:
            self._is_turn_taken = True
            loop.call_soon(self._turn_ends)
            run()

    def _turn_ends(self) -> None:
        self._is_turn_taken = False


class FlushedByDoor[Client]:
    """For a door that says when one of its `clients` has told all it had to tell: while it is alone, that is everybody.

    With several, what waits is run at the end of the turn. The door keeps `clients` as they come and go.
    """

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._waiting: list[Run] = []

    def wait(self, run: Run) -> None:
        if len(self.clients) == 1:
            self._waiting.append(run)
        else:
            asyncio.get_running_loop().call_soon(run)

    def flush(self) -> None:
        """After whatever may have brought requests: what was left to the door is run."""
        while self._waiting:
            self._waiting.pop()()
