"""A port behind which the process dies: SIGKILL to itself, right before or right after a call that the plan names."""

import asyncio
import functools
import inspect
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from shared.ports import Refused, Unavailable
from tests.faults import under_way

type When = Literal["before", "after"]


@dataclass(frozen=True)
class Kill:
    """Die `when` the `nth` call of `step` (`<port>.<method>`) is reached in one life of the process.

    `within` counts only calls made while such a decision is under way (`under_way.phase_of`), "" counts all.
    """

    step: str
    when: When
    nth: int = 1
    within: str = ""

    def __str__(self) -> str:
        return f"{self.when} {self.step} #{self.nth}" + (f" of {self.within}" if self.within else "")


class Plan:
    """The kills in a file, and beside it those that have happened: written down first, so that none happens twice."""

    def __init__(self, path: Path) -> None:
        self.path, self.done_path = path, path.with_suffix(".done")
        self._armed = set(self.remaining())
        self._calls: Counter[tuple[str, str]] = Counter()

    def write(self, kills: Sequence[Kill]) -> None:
        """Replace the plan, and forget what has happened. A running process keeps the plan it has read."""
        self.path.write_text(json.dumps([asdict(kill) for kill in kills]))
        self.done_path.write_text("")

    def _happened(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.done_path.read_text().splitlines()] if self.done_path.exists() else []

    def done(self) -> list[Kill]:
        """In the order in which they happened."""
        return [Kill(**each["kill"]) for each in self._happened()]

    def fell_within(self) -> Counter[str]:
        """How many kills happened while which kind of decision was under way, wherever they were aimed."""
        return Counter(each["fell_within"] for each in self._happened())

    def remaining(self) -> list[Kill]:
        planned = [Kill(**kill) for kill in json.loads(self.path.read_text())] if self.path.exists() else []
        done = set(self.done())
        return [kill for kill in planned if kill not in done]

    def called(self, step: str, phase: str) -> list[tuple[int, str]]:
        """Which call of `step` this is in this life: of all, and of those within `phase`."""
        places = ["", phase] if phase else [""]
        self._calls.update((step, place) for place in places)
        return [(self._calls[step, place], place) for place in places]

    def reach(self, step: str, when: When, calls: Sequence[tuple[int, str]]) -> None:
        """The point of no return, if the plan names it."""
        for nth, within in calls:
            if (kill := Kill(step, when, nth, within)) in self._armed:
                self._die(kill, calls[-1][1])

    def _die(self, kill: Kill, phase: str) -> None:
        with self.done_path.open("a") as done:
            done.write(json.dumps({"kill": asdict(kill), "fell_within": phase}) + "\n")
            done.flush()
            os.fsync(done.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Poison:
    """Every call of `step` whose arguments name `text` fails: by a bug, or as a port may fail.

    Or it hangs, and ends when it is cancelled, or not even then.
    """

    step: str
    text: str
    error: Literal["bug", "refused", "unavailable", "hangs", "will not end"]

    async def act(self, step: str, arguments: object) -> None:
        if step == self.step and self.text in repr(arguments):
            if self.error == "hangs":
                await asyncio.Event().wait()
            while self.error == "will not end":
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
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
            phase = under_way.entered(step, (*given, *named.values()))
            calls = self._plan.called(step, phase)
            self._plan.reach(step, "before", calls)
            for poison in self._poisons:
                await poison.act(step, (given, named))
            answer = await method(*given, **named)
            self._plan.reach(step, "after", calls)
            under_way.left(step)
            return answer

        return call
