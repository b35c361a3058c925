"""Runs of keys and moments: what they spell out, and what is no run."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.events import PredictionsCaptured
from shared.events.predictions import MOST_ROWS, KeyRun
from tests.support.builders import NOW, endpoint_ref, package_ref


def block(keys: list[Any], observed_at: list[Any]) -> PredictionsCaptured:
    data = {"endpoint": endpoint_ref(), "package": package_ref(), "keys": keys, "observed_at": observed_at}
    return PredictionsCaptured.model_validate({**data, "inputs": {}, "outputs": {}})


@given(st.lists(st.one_of(st.text(max_size=5), st.tuples(st.integers(0, 10**12), st.integers(1, 20))), max_size=8))
def test_runs_and_texts_stand_for_the_same_keys_in_the_same_order(parts: list[str | tuple[int, int]]) -> None:
    runs = [p if isinstance(p, str) else {"before": "a-", "first": p[0], "count": p[1], "after": "-0"} for p in parts]
    texts = [[p] if isinstance(p, str) else [f"a-{p[0] + i}-0" for i in range(p[1])] for p in parts]
    expected = tuple(text for some in texts for text in some)
    found = block(runs, [NOW] * len(expected))
    assert found.keys == expected
    assert PredictionsCaptured.model_validate_json(found.as_json()) == found


@pytest.mark.parametrize(
    ("keys", "moments", "words"),
    [
        ([{"before": "", "first": 0, "count": 10**12, "after": ""}], [], "less than or equal to"),
        ([KeyRun(before="", first=0, count=MOST_ROWS, after="").model_dump()] * 2, [], "more than 20000 rows"),
        ([{"before": "x" * 1_000, "first": 0, "count": 20_000, "after": ""}], [], "at most 320 characters"),
        ([{"before": "", "first": 10**400, "count": 20_000, "after": ""}], [], "less than 9223372036854775808"),
        ([{"before": "", "first": -1, "count": 1, "after": ""}], [NOW], "greater than or equal to 0"),
        ([{"before": "", "first": 0, "count": 0, "after": ""}], [], "greater than or equal to 1"),
        ([{"before": "", "first": 0, "count": 2, "after": ""}], [{"at": NOW, "count": 3}], "3 cells for 2 rows"),
        (["a"], [{"at": "never", "count": 1}], "datetime"),
        (["a"], [{"count": 1}], "Field required"),
    ],
)
def test_what_is_no_run_is_refused_by_name(keys: list[Any], moments: list[Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        block(keys, moments)
