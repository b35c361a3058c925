"""Many rows without a window of their own, or a jump in business time, are told once; everyday lateness is not."""

from datetime import datetime, timedelta

from services.monitoring.limits import MonitoringLimits
from services.monitoring.straying import look
from services.monitoring.windows import Stream, fold_block
from shared.events import RowsMissed
from tests.support.builders import NOW, envelope
from tests.unit.services.monitoring.test_windows import REFERENCE, at

LIMITS = MonitoringLimits(window_s=3600, grace_s=600, late_share=0.1, late_least_rows=100)


def run(stream: Stream, *blocks: tuple[list[datetime], datetime]) -> tuple[Stream, list[RowsMissed]]:
    """The events of these blocks, each with when it was scored."""
    found: list[RowsMissed] = []
    for moments, scored in blocks:
        block = envelope(at(*moments))
        stream, said = look(stream, fold_block(stream, block.data, REFERENCE, LIMITS, scored), block, LIMITS, scored)
        found += [each.data for each in said]
    return stream, found


HOUR = timedelta(hours=1)
LATE = NOW - 5 * HOUR


def test_a_large_share_of_late_rows_is_told_once_and_again_after_it_went_away() -> None:
    much, fine = ([NOW] * 80 + [LATE] * 20, NOW), ([NOW] * 100, NOW)
    stream, found = run(Stream(), fine, much, much, much)
    assert [(each.rows, each.of) for each in found] == [(20, 100)]
    _, again = run(stream, fine, much)
    assert len(again) == 1


def test_a_few_late_rows_and_few_rows_are_everyday() -> None:
    assert run(Stream(), ([NOW] * 100, NOW), ([NOW] * 90 + [LATE] * 10, NOW))[1] == []
    assert run(Stream(), ([NOW], NOW), ([LATE] * 90, NOW))[1] == []


def test_times_that_no_clock_can_have_meant_count_as_well() -> None:
    _, found = run(Stream(), ([NOW] * 80 + [NOW + timedelta(days=400)] * 20, NOW))
    assert [each.rows for each in found] == [20]


def test_business_time_that_jumps_over_a_window_is_told_and_traffic_that_rested_is_not() -> None:
    """A replay of last year, and one row of today among it: all that follows is late."""
    year_ago = NOW - timedelta(days=365)
    _, found = run(Stream(), ([year_ago], NOW), ([year_ago + HOUR, NOW], NOW))
    assert len(found) == 1
    assert "from 2025-03-02 09:00 to 2026-03-02 09:00 UTC" in found[0].reason
    rested = NOW + timedelta(days=20)
    assert run(Stream(), ([NOW], NOW), ([rested], rested))[1] == []


def test_all_partitions_of_an_endpoint_say_it_once_a_day() -> None:
    said = []
    for name in ("of partition 0", "of partition 1"):
        before, block = Stream(), envelope(at(*[NOW] * 80, *[LATE] * 20), id=name)
        before = fold_block(before, at(NOW), REFERENCE, LIMITS, NOW)
        said += look(before, fold_block(before, block.data, REFERENCE, LIMITS, NOW), block, LIMITS, NOW)[1]
    assert len(said) == 2
    assert len({each.id for each in said}) == 1
