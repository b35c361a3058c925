"""When a timer fires: an NCRONTAB expression in the app's time zone, or a constant interval."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.timers.ncrontab import Crontab
from infra.local.functions_host.timespan import parse_timespan

MONITOR_LIMIT = timedelta(minutes=1)


class Schedule(Protocol):
    """All times are aware; occurrences are in UTC."""

    def next_after(self, moment: datetime) -> datetime: ...


@dataclass(frozen=True)
class Interval:
    every: timedelta

    def next_after(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC) + self.every


@dataclass(frozen=True)
class CronSchedule:
    crontab: Crontab
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime:
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        while True:
            occurrence = self.crontab.next_after(local)
            if occurrence is None:
                raise ValueError("the schedule has no occurrence")
            # In the hour that a clock change repeats, a later local time can be an earlier moment.
            if (instant := occurrence.replace(tzinfo=self.zone).astimezone(UTC)) > moment:
                return instant
            local = occurrence


def parse_schedule(function: str, text: str) -> Schedule:
    """Raises `HostError` naming the function when it is neither NCRONTAB nor a TimeSpan, or never occurs."""
    try:
        if ":" in text:
            return Interval(parse_timespan(text))
        schedule = CronSchedule(Crontab.parse(text), _zone())
        schedule.next_after(datetime.now(UTC))
    except (ValueError, KeyError) as error:
        raise HostError(f"function {function!r}: schedule {text!r}: {error}") from error
    return schedule


def is_monitored(schedule: Schedule, now: datetime) -> bool:
    """The real host keeps no status for schedules that can fire more often than once a minute."""
    for _ in range(5):
        following = schedule.next_after(now)
        after = schedule.next_after(following)
        if after - following < MONITOR_LIMIT:
            return False
        now = following
    return True


def _zone() -> ZoneInfo:
    return ZoneInfo(os.environ.get("WEBSITE_TIME_ZONE") or os.environ.get("TZ") or "UTC")
