"""A caller's times lie around now, in every form of request: one far ahead would close everybody's windows."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring import ARROW_STREAM, Answer
from services.scoring.protocol.parameters import MOST_AHEAD, MOST_BEHIND
from tests.support.arrow_streams import batch_of, stream_of
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, problem

ROWS = sample_rows(2)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)  # the bench's
SECOND = timedelta(seconds=1)


async def as_tensors(bench: Bench, times: Any) -> Answer:
    return await bench.ask({**tensors(ROWS), "parameters": {"observed_at": times}})


async def as_text(bench: Bench, times: Any) -> Answer:
    return await bench.ask({**tensors(ROWS), "parameters": {"observed_at": json.dumps(times)}})


async def as_rows(bench: Bench, times: Any) -> Answer:
    return await bench.ask({"rows": ROWS, "parameters": {"observed_at": times}})


async def as_bytes(bench: Bench, times: Any) -> Answer:
    """The JSON part may be followed by tensors as bytes; that there are none changes nothing of what it says."""
    head = json.dumps({**tensors(ROWS), "parameters": {"observed_at": times}}).encode()
    return await bench.ask(head, header_length=len(head))


async def as_arrow(bench: Bench, times: Any) -> Answer:
    body = stream_of(batch_of(ROWS, **{"sluice.observed_at": pa.array(times)}))
    return await bench.ask(body, header_length=ARROW_STREAM)


async def as_arrow_timestamps(bench: Bench, times: Any) -> Answer:
    moments = [datetime.fromisoformat(each) for each in times]
    column = pa.array(
        [each if each.tzinfo else each.replace(tzinfo=UTC) for each in moments], pa.timestamp("us", "UTC")
    )
    return await bench.ask(stream_of(batch_of(ROWS, **{"sluice.observed_at": column})), header_length=ARROW_STREAM)


FORMS = [as_tensors, as_text, as_rows, as_bytes, as_arrow, as_arrow_timestamps]
FAR = [
    "9999-12-31T23:59:59Z", "2127-12-16T00:00:00+00:00", "0001-01-02T00:00:00Z", "1970-01-01T00:00:00Z",
    "2026-05-01T14:00:00", (NOW + MOST_AHEAD + SECOND).isoformat(), (NOW - MOST_BEHIND - SECOND).isoformat(),
]  # fmt: skip


@pytest.mark.parametrize("ask", FORMS)
@pytest.mark.parametrize("far", FAR)
async def test_a_time_far_from_now_is_refused_by_name_and_nothing_of_it_is_captured(
    bench: Bench, ask: Any, far: str
) -> None:
    answer = await ask(bench, [NOW.isoformat(), far])
    assert answer.status == 400
    assert problem(answer).startswith("parameters.observed_at: ")
    assert "is not within 50 years before and 5 minutes after 2026-05-01T12:00:00+00:00" in problem(answer)
    assert bench.capture.drain(100) == []


@pytest.mark.parametrize("ask", FORMS)
async def test_times_at_the_ends_of_the_horizon_are_taken_with_and_without_a_zone(bench: Bench, ask: Any) -> None:
    ends = [NOW - MOST_BEHIND, NOW + MOST_AHEAD]
    assert (await ask(bench, [ends[0].isoformat(), ends[1].replace(tzinfo=None).isoformat()])).status == 200
    (mark,) = bench.capture.drain(100)[0].runs[0].marks
    assert mark.observed_at == ends


@pytest.mark.parametrize("extreme", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_that_has_no_moment_in_utc_is_refused(bench: Bench, extreme: str) -> None:
    assert (await as_tensors(bench, extreme)).status == 400


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(st.datetimes(timezones=st.none() | st.timezones()), min_size=2, max_size=2))
async def test_whatever_times_are_said_those_captured_are_aware_and_near(bench: Bench, times: list[datetime]) -> None:
    assert (await as_tensors(bench, [each.isoformat() for each in times])).status in (200, 400)
    for rows in bench.capture.drain(100):
        for moment in rows.runs[0].marks[0].observed_at or ():
            assert NOW - MOST_BEHIND <= moment <= NOW + MOST_AHEAD
