"""NCRONTAB: `{second} {minute} {hour} {day} {month} {day of week}`, or five fields without seconds.

Day and day of week must both match, where standard cron takes either: that is why no cron library serves here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# The real host takes "J" for January; nobody means that.
_SHORTEST_NAME = 3
# 29 February on a given weekday recurs within 28 years, except around a century that is no leap year.
_SEARCH_DAYS = 366 * 40


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> frozenset[int]:
        """Raises `ValueError` naming the field."""
        try:
            return frozenset(value for part in text.split(",") for value in self._part(part))
        except ValueError as error:
            raise ValueError(f"{self.name} {text!r}: {error}") from error

    def _part(self, text: str) -> Iterator[int]:
        span, _, step_text = text.partition("/")
        step = _number(step_text) if step_text else 1
        if step < 1:
            raise ValueError("the step must be positive")
        if span == "*":
            first, last = self.low, self.high
        else:
            first_text, dash, last_text = span.partition("-")
            first = self._value(first_text)
            last = self._value(last_text) if dash else self.high if step_text else first
        if first > last:
            raise ValueError(f"{span} runs backwards")
        yield from range(first, last + 1, step)

    def _value(self, text: str) -> int:
        named = self._named(text)
        value = _number(text) if named is None else named
        if not self.low <= value <= self.high:
            raise ValueError(f"{value} is not between {self.low} and {self.high}")
        return value

    def _named(self, text: str) -> int | None:
        """What a name, or the beginning of one, stands for."""
        given = text.lower() if len(text) >= _SHORTEST_NAME else "-"
        return next((self.low + at for at, name in enumerate(self.names) if name.startswith(given)), None)


def _number(text: str) -> int:
    # `int` would also take signs, blanks and other scripts' digits.
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no number")
    return int(text)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True)
class Crontab:
    """A parsed expression; times are naive and in whatever zone the caller thinks in."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @staticmethod
    def parse(expression: str) -> "Crontab":
        """Raises `ValueError` naming the field that is wrong."""
        texts = [text for text in expression.split(" ") if text]
        if len(texts) == 5:
            texts.insert(0, "0")
        if len(texts) != 6:
            raise ValueError(f"{expression!r} has {len(texts)} fields; NCRONTAB has six, or five without seconds")
        seconds, minutes, hours, *dates = (field.parse(text) for field, text in zip(_FIELDS, texts, strict=True))
        return Crontab(tuple(sorted(seconds)), tuple(sorted(minutes)), tuple(sorted(hours)), *dates)

    @property
    def is_of_every_minute(self) -> bool:
        """Whether every field but the first is `*`."""
        given = (self.minutes, self.hours, self.days, self.months, self.weekdays)
        return [len(each) for each in given] == [field.high - field.low + 1 for field in _FIELDS[1:]]

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence after `moment`, or None when no date ever matches (30 February)."""
        earliest = moment.replace(microsecond=0) + timedelta(seconds=1)
        if self._matches(earliest.date()) and (at := self._first_from(earliest.time())) is not None:
            return datetime.combine(earliest, at)
        days = (earliest.date() + timedelta(days=offset) for offset in range(1, _SEARCH_DAYS))
        day = next(filter(self._matches, days), None)
        return datetime.combine(day, self._first_of_a_day) if day else None

    @property
    def _first_of_a_day(self) -> time:
        return time(self.hours[0], self.minutes[0], self.seconds[0])

    def _first_from(self, earliest: time) -> time | None:
        """Of one day. An expression may name every second of it, so only what is near is looked at."""
        for hour in (hour for hour in self.hours if hour >= earliest.hour):
            for minute in (minute for minute in self.minutes if (hour, minute) >= (earliest.hour, earliest.minute)):
                found = (time(hour, minute, second) for second in self.seconds)
                if at := next((each for each in found if each >= earliest), None):
                    return at
        return None

    def _matches(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        return day.day in self.days and day.month in self.months and weekday in self.weekdays
