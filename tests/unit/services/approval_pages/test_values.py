"""Numbers, times and names as people read them."""

from datetime import timedelta

import pytest

from services.approval_pages.values import distance, duration, plain, share, when
from tests.support.builders import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.25 s"), (1, "1 second"), (59.6, "1 minute"), (600, "10 minutes"), (5400, "1 hour 30 minutes"),
        (86_400, "1 day"), (90_061, "1 day 1 hour"), (86_430, "1 day"), (-7200, "2 hours"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(days=2, hours=3), "in 2 days"), (timedelta(hours=1), "in 1 hour"), (timedelta(0), "now"),
        (timedelta(seconds=-50), "50 seconds ago"), (timedelta(minutes=-90), "1 hour ago"),
    ],
)  # fmt: skip
def test_a_moment_lies_ahead_or_behind(ahead: timedelta, text: str) -> None:
    assert distance(ahead) == text


def test_a_moment_is_told_as_date_as_distance_and_to_machines() -> None:
    told = when(NOW + timedelta(hours=3), NOW)
    assert told.distance == "in 3 hours"
    assert told.text.endswith(f"{NOW + timedelta(hours=3):%H:%M} UTC")
    assert told.iso == (NOW + timedelta(hours=3)).isoformat(timespec="seconds")


def test_rates_and_names_are_in_words() -> None:
    assert [share(rate) for rate in (0, 0.014, 0.5)] == ["0%", "1.4%", "50%"]
    assert plain("bias.selection_rate.carrier") == "bias: selection rate: carrier"
