"""A retraining that is asked for."""

from shared.events import RetrainingRequested
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, shown_example
from tests.unit.shared.events.examples import example


def test_why_and_on_which_rows_is_told() -> None:
    known, asked = facts(shown_example(RetrainingRequested)), example(RetrainingRequested)
    assert known["Because of"] == asked.reason
    assert known["On rows up to"] == f"{asked.data_until:%Y-%m-%d}"
