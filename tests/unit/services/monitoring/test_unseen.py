"""Rows that are in no window are counted, and said once for each day, reason and endpoint, whatever the partitions."""

from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.folding import References, fold_predictions
from services.monitoring.limits import MonitoringLimits
from services.monitoring.unseen import Counts, count_lost, count_unmonitored
from services.monitoring.windows import Stream
from shared.adapters.memory import ManualClock, MemoryCaptures, MemoryEvidence, MemoryServingManifests
from shared.events import CaptureLost, CapturesLost, Envelope, Event, PredictionsCaptured, RowsUnmonitored
from shared.reactor import Row
from tests.support.builders import NOW, endpoint_ref, envelope, package_ref, policy_document

LIMITS = MonitoringLimits(min_rows=10)


def lost(rows: int, reason: str = "overflow") -> Envelope[CaptureLost]:
    return envelope(CaptureLost(endpoint=endpoint_ref(), instance="one", rows=rows, reason=reason))


def block(rows: int) -> Envelope[PredictionsCaptured]:
    keys = tuple(f"k{n}" for n in range(rows))
    captured = PredictionsCaptured(
        endpoint=endpoint_ref(), package=package_ref("3"), keys=keys, observed_at=(NOW,) * rows, inputs={}, outputs={}
    )
    return envelope(captured)


def test_the_first_lost_rows_of_a_day_are_told_and_later_ones_counted() -> None:
    counts, (told,) = count_lost({}, lost(3), NOW)
    assert isinstance(told.data, CapturesLost)
    assert (told.data.rows, told.data.instance, told.data.reason) == (3, "one", "overflow")
    counts, silent = count_lost(counts, lost(4), NOW)
    assert (silent, counts["lost:overflow"].rows) == ([], 7)
    counts, (tomorrow,) = count_lost(counts, lost(1), NOW + timedelta(days=1))
    assert (tomorrow.data.rows, tomorrow.data.on) == (1, told.data.on + timedelta(days=1))


def test_another_reason_is_told_by_itself_and_each_partition_says_the_same() -> None:
    _, (here,) = count_lost({}, lost(3), NOW)
    _, (there,) = count_lost({}, lost(8), NOW)
    _, (other,) = count_lost({}, lost(3, "refused"), NOW)
    assert here.id == there.id != other.id


def test_few_unmonitored_rows_are_counted_and_as_many_as_a_window_needs_are_told() -> None:
    counts, silent = count_unmonitored({}, block(9), NOW, LIMITS)
    assert silent == []
    counts, (told,) = count_unmonitored(counts, block(1), NOW, LIMITS)
    assert isinstance(told.data, RowsUnmonitored)
    assert (told.data.rows, told.data.package) == (10, package_ref("3"))
    assert count_unmonitored(counts, block(50), NOW, LIMITS)[1] == []


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), min_size=1, max_size=30))
def test_a_row_that_is_late_says_no_day_again(rows: list[tuple[int, int]]) -> None:
    counts: Counts = {}
    told: list[Event] = []
    for number, day in rows:
        counts, said = count_lost(counts, lost(number), NOW + timedelta(days=day))
        told += [each.data for each in said]
    days = [event.on for event in told if isinstance(event, CapturesLost)]
    assert len(days) == len(set(days)) == len(set(accumulate((day for _, day in rows), max)))


async def test_what_a_hub_brings_is_folded_into_counts_and_one_word_to_people() -> None:
    """A package that the manifest does not name, and rows that scoring could not capture."""
    evidence, clock = MemoryEvidence(), ManualClock(NOW)
    references = References(MemoryServingManifests(), evidence)
    rows = [Row(0, block(6)), Row(1, lost(2)), Row(2, block(6)), Row(3, lost(2))]
    result = await fold_predictions(
        Stream(), rows, 0, MemoryCaptures(), evidence, references,
        policy_document(monitoring={"min_rows": 10}), clock,
    )  # fmt: skip
    assert [type(event.data) for event in result.events] == [CapturesLost, RowsUnmonitored]
    assert sorted(unseen.rows for unseen in result.state.unseen.values()) == [4, 12]


@pytest.mark.parametrize(
    "event", [count_lost({}, lost(3), NOW)[1][0], count_unmonitored({}, block(10), NOW, LIMITS)[1][0]]
)
def test_people_are_told_how_many_and_what_shows_it(event: Envelope[CapturesLost | RowsUnmonitored]) -> None:
    said = event.data.notice()
    assert f"{event.data.rows:,} rows" in said.text
    assert said.severity in ("warning", "error")
    assert said.command.startswith("sluice ")
    assert "platform-support" in said.audience
