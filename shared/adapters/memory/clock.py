"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

from shared.ports import Clock


class ManualClock(Clock):
    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        self._now = moment

    def advance(self, by: timedelta) -> datetime:
        self._now += by
        return self._now
