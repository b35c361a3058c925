"""A port behind which the process dies: SIGKILL to itself, right before or right after a call that the plan names."""

import functools
import inspect
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from shared.ports import Refused, Unavailable

type When = Literal["before", "after"]


@dataclass(frozen=True)
class Kill:
    """Die `when` the `nth` call of `step` (`<port>.<method>`) is reached in one life of the process."""

    step: str
    when: When
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.step} #{self.nth}"


class Plan:
    """The kills in a file, and beside it those that have happened: written down first, so that none happens twice."""

    def __init__(self, path: Path) -> None:
        self.path, self.done_path = path, path.with_suffix(".done")
        self._armed = set(self.remaining())
        self._calls: Counter[str] = Counter()

    def write(self, kills: Sequence[Kill]) -> None:
        """Replace the plan, and forget what has happened. A running process keeps the plan it has read."""
        self.path.write_text(json.dumps([asdict(kill) for kill in kills]))
        self.done_path.write_text("")

    def done(self) -> list[Kill]:
        """In the order in which they happened."""
        if not self.done_path.exists():
            return []
        return [Kill(**json.loads(line)) for line in self.done_path.read_text().splitlines()]

    def remaining(self) -> list[Kill]:
        planned = [Kill(**kill) for kill in json.loads(self.path.read_text())] if self.path.exists() else []
        done = set(self.done())
        return [kill for kill in planned if kill not in done]

    def called(self, step: str) -> int:
        """How often `step` has been called in this life, this call included."""
        self._calls[step] += 1
        return self._calls[step]

    def reach(self, kill: Kill) -> None:
        """The point of no return, if the plan names it."""
        if kill not in self._armed:
            return
        with self.done_path.open("a") as done:
            done.write(json.dumps(asdict(kill)) + "\n")
            done.flush()
            os.fsync(done.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Poison:
    """Every call of `step` whose arguments name `text` fails: by a bug, or as a port may fail."""

    step: str
    text: str
    error: Literal["bug", "refused", "unavailable"]

    def act(self, step: str, arguments: object) -> None:
        if step == self.step and self.text in repr(arguments):
            kinds: dict[str, type[Exception]] = {
                "bug": ZeroDivisionError,
                "refused": Refused,
                "unavailable": Unavailable,
            }
            raise kinds[self.error](f"poisoned: {self.text}")


class Crashing:
    """Stands in front of any adapter; whatever is not a coroutine function passes through untouched."""

    def __init__(self, port: str, adapter: object, plan: Plan, poisons: Sequence[Poison] = ()) -> None:
        self._port, self._adapter, self._plan, self._poisons = port, adapter, plan, poisons

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._adapter, name)
        return self._around(f"{self._port}.{name}", method) if inspect.iscoroutinefunction(method) else method

    def _around(self, step: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        async def call(*given: object, **named: object) -> Any:
            nth = self._plan.called(step)
            self._plan.reach(Kill(step, "before", nth))
            for poison in self._poisons:
                poison.act(step, (given, named))
            answer = await method(*given, **named)
            self._plan.reach(Kill(step, "after", nth))
            return answer

        return call
