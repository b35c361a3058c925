"""The time, as something that is asked for."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment in UTC, with its time zone."""
        ...
