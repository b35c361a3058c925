"""Confirmed drift: its worst window against the limit."""

from shared.events import DriftConfirmed
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, measures, shown_example
from tests.unit.shared.events.examples import example


def test_the_worst_window_stands_against_its_limit() -> None:
    shown, drift = shown_example(DriftConfirmed), example(DriftConfirmed)
    (worst,) = measures(shown)
    assert (worst.value, worst.limit, worst.met) == (drift.score, drift.limit, "✗ not met")
    assert facts(shown)["Windows beyond the limit"] == f"{drift.breaches} of {drift.of}"
