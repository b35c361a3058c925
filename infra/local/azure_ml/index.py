"""What lists show: in Azure an index, which hears of a change after whoever asks for the one resource itself.

Microsoft's own tests of azure-ai-ml wait 30 s between a change and a list ("wait for list index to update").
"""

import copy
import time
from collections.abc import Iterable, Mapping

_FROM_THE_BEGINNING = float("-inf")


class Index[T]:
    """Behind by `lag_s` seconds from when that is set; without a lag it keeps nothing."""

    def __init__(self) -> None:
        self.lag_s = 0.0
        self._heard: dict[str, list[tuple[float, T | None]]] = {}

    def lag(self, seconds: float, present: Mapping[str, T]) -> None:
        """`present` is all that there is now, and known."""
        self.lag_s = seconds
        known = present.items() if seconds else ()
        self._heard = {key: [(_FROM_THE_BEGINNING, copy.deepcopy(item))] for key, item in known}

    def note(self, key: str, item: T | None) -> None:
        """It is so now; None where it is deleted. A copy is kept: bodies are changed in place."""
        if not self.lag_s:
            return
        now = time.monotonic()
        heard = [*self._heard.get(key, []), (now, copy.deepcopy(item))]
        known = max((at for at, _ in heard if at <= now - self.lag_s), default=_FROM_THE_BEGINNING)
        self._heard[key] = [each for each in heard if each[0] >= known]

    def shown(self, present: Iterable[tuple[str, T]]) -> Iterable[tuple[str, T]]:
        """By key, as lists show them now."""
        if not self.lag_s:
            return present
        then = time.monotonic() - self.lag_s
        last = {key: [item for at, item in heard if at <= then][-1:] for key, heard in self._heard.items()}
        return [(key, item) for key, found in last.items() for item in found if item is not None]
