"""Windows of business time merge by addition, whatever partition and batch their rows came by (design 1.2, F04)."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.limits import MonitoringLimits
from services.monitoring.windows import AHEAD, Stream, complete, fold_block, part_key, published, window_of
from shared.events import PredictionsCaptured, Window
from shared.profiles import Profile, Reference
from tests.support.builders import NOW, digest, endpoint_ref, package_ref

LIMITS = MonitoringLimits(window_s=3600, grace_s=600)
GRACE = LIMITS.grace
PACKAGE = package_ref()
START = window_of(NOW, 3600).start
SCORED = START + timedelta(days=30)


def reference() -> Reference:
    cells = np.linspace(0, 1, 200).tolist()
    return Reference.build(
        {"x": cells}, {"x": "numeric"}, prediction=("probability", cells), labels=None, package=PACKAGE.digest
    )


def block(*minutes: int) -> PredictionsCaptured:
    """One row for each of these minutes after START."""
    return PredictionsCaptured(
        endpoint=endpoint_ref(),
        package=PACKAGE,
        keys=tuple(f"k{minute}" for minute in minutes),
        observed_at=tuple(START + timedelta(minutes=minute) for minute in minutes),
        inputs={"x": tuple(minute % 60 / 60 for minute in minutes)},
        outputs={"probability": tuple(minute % 7 / 7 for minute in minutes)},
    )


def folded(*blocks: PredictionsCaptured, stream: Stream | None = None) -> Stream:
    found = stream or Stream()
    for each in blocks:
        found = fold_block(found, each, REFERENCE, LIMITS, SCORED)
    return found


REFERENCE = reference()


def profiles(*streams: Stream) -> dict[str, Profile]:
    merged: dict[str, Profile] = {}
    for stream in streams:
        for key, part in stream.parts.items():
            assert part.profile is not None
            profile = Profile.from_json(part.profile)
            merged[key] = merged[key] + profile if key in merged else profile
    return merged


@settings(max_examples=40)
@given(st.lists(st.integers(0, 150), min_size=1, max_size=40), st.integers(0, 40), st.randoms())
def test_partitions_and_batches_do_not_matter(minutes: list[int], cut: int, random: object) -> None:
    whole = folded(*(block(minute) for minute in sorted(minutes)))
    # Grace keeps every window open here, so that no row is late in either reading.
    assert not complete(whole, 10**9)
    split = folded(block(*sorted(minutes[:cut]))), folded(block(*sorted(minutes[cut:])))
    late = whole.late_rows + split[0].late_rows + split[1].late_rows
    if not late:
        assert profiles(whole) == profiles(*split)


def test_a_window_is_complete_when_business_time_has_passed_its_grace() -> None:
    assert complete(folded(block(5), block(69)), LIMITS.grace_s) == []
    (part,) = complete(folded(block(5), block(70)), LIMITS.grace_s)
    assert (part.rows, part.window) == (1, window_of(START, 3600))


def test_rows_that_come_after_their_window_is_complete_are_counted_not_folded() -> None:
    stream = folded(block(5), block(80), block(6, 7))
    assert stream.late_rows == 2
    assert stream.parts[part_key(PACKAGE, window_of(START, 3600))].rows == 1


def test_a_published_part_keeps_its_digest_and_drops_its_counts() -> None:
    stream = folded(block(5), block(80))
    (part,) = complete(stream, LIMITS.grace_s)
    after = published(stream, {part.key: digest()})
    assert complete(after, LIMITS.grace_s) == []
    assert (after.parts[part.key].digest, after.parts[part.key].profile) == (digest(), None)


def test_old_parts_are_forgotten() -> None:
    stream = Stream()
    for hour in range(60):
        stream = folded(block(60 * hour), stream=stream)
        stream = published(stream, {part.key: digest() for part in complete(stream, LIMITS.grace_s)})
    assert len(stream.parts) < 30


# Any time that a message may hold, a window away from the last of them.
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2299, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from([60.0, 3600.0, 604800.0]))
def test_every_moment_lies_in_its_window(moment: object, width_s: float) -> None:
    window: Window = window_of(moment, width_s)  # type: ignore[arg-type]
    assert window.start <= moment < window.end  # type: ignore[operator]
    assert (window.end - window.start).total_seconds() == width_s


def at(*moments: datetime) -> PredictionsCaptured:
    """One row for each of these times."""
    rows = block(*range(len(moments)))
    return rows.model_copy(update={"observed_at": moments})


FAR = st.datetimes(datetime(1901, 1, 1), datetime(2299, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(FAR, min_size=1, max_size=5))
def test_whatever_times_rows_name_all_are_counted_somewhere_and_the_watermark_stays_near_the_clock(
    moments: list[datetime],
) -> None:
    stream = fold_block(Stream(), at(*moments), REFERENCE, LIMITS, NOW)
    assert sum(part.rows for part in stream.parts.values()) + stream.late_rows == len(moments)
    assert stream.watermark is None or stream.watermark <= NOW + AHEAD


def test_a_time_far_ahead_counts_at_the_time_of_scoring_and_makes_nobody_late() -> None:
    """One request with times up to 2127 made every later row of the endpoint late, for ever."""
    ahead = [NOW + timedelta(days=14 * number) for number in range(1, 1000)]
    stream = fold_block(Stream(), at(NOW, *ahead), REFERENCE, LIMITS, NOW)
    assert (stream.watermark, stream.redated_rows, stream.late_rows) == (NOW, 999, 0)
    for number in range(12):
        moment = NOW + timedelta(minutes=number)
        stream = fold_block(stream, at(moment), REFERENCE, LIMITS, moment)
    assert (stream.late_rows, stream.parts[part_key(PACKAGE, window_of(NOW, 3600))].rows) == (0, 1012)


def test_a_clock_a_little_fast_is_believed() -> None:
    moment = NOW + timedelta(minutes=5)
    assert fold_block(Stream(), at(moment), REFERENCE, LIMITS, NOW).watermark == moment


def test_one_request_opens_a_bounded_number_of_windows() -> None:
    moments = [NOW - timedelta(hours=hour) for hour in range(1500)]
    stream = fold_block(Stream(), at(*moments), REFERENCE, LIMITS, NOW)
    assert (len(stream.parts), stream.late_rows) == (64, 1500 - 64)


def test_counts_of_a_week_are_not_taken_for_those_of_a_day() -> None:
    week, day = (
        window_of(datetime(1970, 1, 1, tzinfo=UTC), 7 * 86400),
        window_of(datetime(1970, 1, 1, tzinfo=UTC), 86400),
    )
    assert week.start == day.start
    assert part_key(PACKAGE, week) != part_key(PACKAGE, day)
