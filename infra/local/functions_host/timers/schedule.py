"""When a timer fires: an NCRONTAB expression in the time zone of the process, or a constant interval.

`WEBSITE_TIME_ZONE` is not looked at: hosts on Linux do not know it.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.timers.ncrontab import Crontab
from infra.local.functions_host.timespan import parse_timespan

_MONITORED_FROM = timedelta(minutes=1)


class Schedule(Protocol):
    """All times are aware; occurrences are in UTC. A monitored one has a status that outlives the host."""

    @property
    def adjusts_for_dst(self) -> bool: ...

    @property
    def is_monitored(self) -> bool: ...

    def next_after(self, moment: datetime) -> datetime: ...


@dataclass(frozen=True)
class Interval:
    every: timedelta

    adjusts_for_dst = False

    @property
    def is_monitored(self) -> bool:
        return self.every >= _MONITORED_FROM

    def next_after(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC) + self.every


@dataclass(frozen=True)
class CronSchedule:
    crontab: Crontab
    zone: ZoneInfo

    adjusts_for_dst = True

    @property
    def is_monitored(self) -> bool:
        """Not when it fires more than once in every minute there is; often in some minutes only is no reason."""
        return not (self.crontab.is_of_every_minute and len(self.crontab.seconds) > 1)

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


def _zone() -> ZoneInfo:
    return ZoneInfo(os.environ.get("TZ") or "UTC")
