"""Ports that fail: down before or after a call took effect, or the app is killed between any two calls."""

import inspect
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.ports import Unavailable


class Crash(BaseException):
    """The process was killed here."""


@dataclass
class Faults:
    """`down` names ports that answer `Unavailable`, before or only after the call took effect.

    `crash_in`: how many more steps the app lives, None without end; each call has a step before and one after it.
    Only `instance` is alive: whatever a killed one had under way stops at its next step.
    """

    down: dict[str, Literal["before", "after"]] = field(default_factory=dict)
    crash_in: int | None = None
    instance: int = 0

    def step(self, port: str, moment: Literal["before", "after"], instance: int) -> None:
        if instance != self.instance:
            raise Crash
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                raise Crash
        if self.down.get(port) == moment:
            raise Unavailable(f"{port} is down")


class Faulty:
    """A port with faults around its coroutines."""

    def __init__(self, inner: object, faults: Faults) -> None:
        self._inner, self._faults = inner, faults
        self._name, self._instance = type(inner).__name__, faults.instance

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*positional: Any, **named: Any) -> Any:
            self._faults.step(self._name, "before", self._instance)
            result = await method(*positional, **named)
            self._faults.step(self._name, "after", self._instance)
            return result

        return call
