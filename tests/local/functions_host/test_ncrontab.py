"""NCRONTAB: the fields, the AND of day and weekday, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.timers.ncrontab import Crontab
from infra.local.functions_host.timers.schedule import parse_schedule

YEARS = [datetime.fromisoformat(day) for day in ("2000-01-01", "2090-01-01")]


@pytest.mark.observed("timers: five or six fields, blanks, names, steps and ranges are read")
@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("*/5 * * * * *", "2026-11-23T10:00:02", "2026-11-23T10:00:05"),
        ("0 */5 * * * *", "2026-11-23T10:00:00", "2026-11-23T10:05:00"),
        ("*/5 * * * *", "2026-11-23T10:04:59", "2026-11-23T10:05:00"),
        ("0 30 9-17/4 * * *", "2026-11-23T13:30:00", "2026-11-23T17:30:00"),
        ("0 0 9 * * MON-FRI", "2026-11-20T09:00:00", "2026-11-23T09:00:00"),
        ("0 0 0 1 JAN,jul *", "2026-02-01T00:00:00", "2026-07-01T00:00:00"),
        # Friday the thirteenth: day and weekday must both match; standard cron would take the next Friday.
        ("0 0 0 13 * FRI", "2026-11-23T00:00:00", "2027-08-13T00:00:00"),
        ("0 0 0 29 2 *", "2026-11-23T00:00:00", "2028-02-29T00:00:00"),
        ("10/20 0 0 * * *", "2026-11-23T00:00:10", "2026-11-23T00:00:30"),
        ("0 0 0 * * 0", "2026-11-23T00:00:00", "2026-11-29T00:00:00"),
        ("0 0 01 * * *", "2026-11-23T00:00:00", "2026-11-23T01:00:00"),
        ("0 10-40/15 * * * *", "2026-11-23T00:10:00", "2026-11-23T00:25:00"),
        ("0 0/15 * * * *", "2026-11-23T00:00:00", "2026-11-23T00:15:00"),
        ("0 */90 * * * *", "2026-11-23T00:00:00", "2026-11-23T01:00:00"),
        ("0  0 0 1 january-MARCH *", "2026-11-23T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_the_next_occurrence(expression: str, after: str, expected: str) -> None:
    following = Crontab.parse(expression).next_after(datetime.fromisoformat(after))
    assert following == datetime.fromisoformat(expected)


@pytest.mark.observed(
    "timers: too many fields, values out of range, signs, tabs and other dialects are refused",
    "timers: backward ranges, days of no month, whole days and single letters are read",
)
@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("60 * * * * *", "second"),
        ("0 0 24 * * *", "hour"),
        ("0 0 0 0 * *", "day"),
        ("0 0 0 * 13 *", "month"),
        ("0 0 0 * * 7", "day of week"),
        ("0 5-1 * * * *", "minute"),
        ("0 */0 * * * *", "minute"),
        ("0 x * * * *", "minute"),
        ("0 +5 * * * *", "minute"),
        ("0 0/+5 * * * *", "minute"),
        ("0\t5 * * * *", "minute"),
        ("0 0 0 1 Janx *", "month"),
        ("0 0 0 1 J *", "month"),
        ("0 0 22-2 * * *", "hour"),
        ("10", "fields"),
        ("0 0 0 0 1 1 1", "fields"),
        ("", "fields"),
        ("@daily", "fields"),
        ("0 0 0 ? * *", "day"),
        ("0 0 0 L * *", "day"),
        ("* * * *", "fields"),
    ],
)
def test_a_wrong_field_is_named(expression: str, field: str) -> None:
    with pytest.raises(HostError, match=rf"function 'f'.*{field}"):
        parse_schedule("f", expression)


def test_a_schedule_that_never_occurs_is_refused() -> None:
    with pytest.raises(HostError, match="no occurrence"):
        parse_schedule("f", "0 0 0 30 2 *")


@given(st.datetimes(*YEARS), st.integers(1, 59), st.integers(0, 23))
def test_an_occurrence_lies_ahead_and_fits_the_fields(after: datetime, minute: int, hour: int) -> None:
    following = Crontab.parse(f"0 {minute} {hour} * * *").next_after(after)
    assert following is not None
    assert following > after
    assert (following.second, following.minute, following.hour) == (0, minute, hour)
    assert following - after <= timedelta(days=1)


def test_an_interval_counts_from_the_moment() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert parse_schedule("f", "1.00:00:05").next_after(now) == now + timedelta(days=1, seconds=5)


@pytest.mark.observed("timers: the zone of the app is not looked at, that of the process is")
def test_cron_expressions_follow_the_time_zone_of_the_process_and_not_that_of_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBSITE_TIME_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    schedule = parse_schedule("f", "0 0 9 * * *")
    assert schedule.next_after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert schedule.next_after(datetime(2026, 12, 1, tzinfo=UTC)) == datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.mark.observed("timers: only a schedule of every minute that fires more than once in it has no monitor")
@pytest.mark.parametrize(
    ("schedule", "monitored"),
    [
        ("0 * * * * *", True),
        ("*/30 * * * * *", False),
        ("0,30 0 * * * *", True),
        ("*/10 * 0-5 * * *", True),
        ("00:00:59", False),
        ("00:01:00", True),
    ],
)
def test_what_fires_more_than_once_in_every_minute_has_no_status(schedule: str, monitored: bool) -> None:
    assert parse_schedule("f", schedule).is_monitored is monitored


@pytest.mark.observed("timers: backward ranges, days of no month, whole days and single letters are read")
@pytest.mark.parametrize("schedule", ["24:00:00", "-00:01:00", "0 0 0 31 2 *"])
def test_what_the_real_host_reads_as_nobody_means_it_is_refused(schedule: str) -> None:
    with pytest.raises(HostError, match="function 'f'"):
        parse_schedule("f", schedule)
