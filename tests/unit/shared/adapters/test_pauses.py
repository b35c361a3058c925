"""Whichever way a service asks for a pause, it is read; whatever it writes instead is no pause and no error."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.pauses import LONGEST_PAUSE, asked_pause

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"Retry-After": "20"}, 20),
        ({"retry-after": "0"}, 0),
        ({"RETRY-AFTER": "1.5"}, 1.5),
        ({"Retry-After": "Tue, 01 Dec 2026 08:00:30 GMT"}, 30),
        ({"Retry-After": "Tue, 01 Dec 2026 07:00:00 GMT"}, 0),
        ({"retry-after-ms": "250", "Retry-After": "20"}, 0.25),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "99999999"}, 3600),
    ],
)
def test_a_pause_is_read_in_every_form(headers: dict[str, str], pause_s: float) -> None:
    assert asked_pause(429, headers, NOW) == timedelta(seconds=pause_s)


@pytest.mark.parametrize("status", [200, 202, 304])
def test_what_is_no_refusal_asks_for_none(status: int) -> None:
    """A long operation answers 202 with a pause: that is the poller's."""
    assert asked_pause(status, {"Retry-After": "20"}, NOW) is None


@given(st.dictionaries(st.sampled_from(["Retry-After", "retry-after-ms", "Server"]), st.text()))
def test_whatever_is_written_there_is_a_bounded_pause_or_none(headers: dict[str, str]) -> None:
    pause = asked_pause(503, headers, NOW)
    assert pause is None or timedelta() <= pause <= LONGEST_PAUSE
