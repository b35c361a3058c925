"""The small pictures lie within their frame, whatever is measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approval_pages.evidence.strips import WIDTH, strip
from shared.events.staging import Bound

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(value=NUMBERS, low=NUMBERS, high=NUMBERS, limit=NUMBERS, bound=st.sampled_from(["at most", "at least", None]))
def test_everything_lies_within_the_frame_and_in_order(
    value: float, low: float, high: float, limit: float, bound: Bound | None
) -> None:
    drawn = strip(value, (low, high), limit, bound, "words")
    assert drawn
    assert drawn.span
    assert drawn.limit is not None
    assert drawn.dot is not None
    for place in (drawn.dot, drawn.limit, *drawn.span):
        assert 0 <= place <= WIDTH
    if value < limit:
        assert drawn.dot <= drawn.limit


def test_the_side_that_is_allowed_is_shaded() -> None:
    most, least = (strip(1.0, (None, None), 2.0, bound, "") for bound in ("at most", "at least"))
    assert most
    assert least
    assert most.allowed == (0.0, most.limit)
    assert least.allowed
    assert least.allowed[0] == least.limit


@pytest.mark.parametrize(("value", "limit"), [(1.0, None), (None, 1.0)])
def test_without_a_limit_or_a_measure_there_is_no_picture(value: float | None, limit: float | None) -> None:
    assert strip(value, (None, None), limit, "at most", "") is None
