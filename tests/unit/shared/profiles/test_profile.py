"""Folding, merging and storing profiles."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.profiles import CategoricalCounts, NumericCounts, Profile, Reference

TEMPS = [float(number) for number in range(100)] + [None]
CARRIERS = ["AA"] * 60 + ["UA"] * 40 + [None]
REFERENCE = Reference.build(
    {"temp": TEMPS, "carrier": CARRIERS},
    {"temp": "numeric", "carrier": "categorical"},
    prediction=("probability", [number / 101 for number in range(101)]),
    labels=[1] * 20 + [0] * 81,
    package="0" * 64,
)
CELL = st.one_of(st.none(), st.floats(-200, 300), st.just(float("nan")), st.just(float("inf")))
FEW = settings(max_examples=60)
ROW = st.tuples(CELL, st.sampled_from(["AA", "UA", "ZZ", "", None]), st.floats(0, 1))


def block(rows: Sequence[tuple[Any, Any, Any]]) -> Mapping[str, Sequence[Any]]:
    return {name: [row[index] for row in rows] for index, name in enumerate(("temp", "carrier", "probability"))}


def profile(rows: Sequence[tuple[Any, Any, Any]]) -> Profile:
    return Profile.empty(REFERENCE).fold(REFERENCE, block(rows))


def numeric(found: Profile, name: str) -> NumericCounts:
    counts = found.columns[name]
    assert isinstance(counts, NumericCounts)
    return counts


ROWS = st.lists(ROW, max_size=30)


@FEW
@given(ROWS, ROWS)
def test_the_order_of_merging_does_not_matter(left: list[Any], right: list[Any]) -> None:
    assert profile(left) + profile(right) == profile(right) + profile(left)


@FEW
@given(ROWS, ROWS, ROWS)
def test_the_grouping_of_merging_does_not_matter(one: list[Any], two: list[Any], three: list[Any]) -> None:
    assert (profile(one) + profile(two)) + profile(three) == profile(one) + (profile(two) + profile(three))


@FEW
@given(ROWS, st.integers(0, 30))
def test_rows_folded_in_two_blocks_are_the_rows_folded_at_once(rows: list[Any], cut: int) -> None:
    assert profile(rows[:cut]).fold(REFERENCE, block(rows[cut:])) == profile(rows)


@FEW
@given(ROWS)
def test_every_cell_is_counted_exactly_once(rows: list[Any]) -> None:
    found = profile(rows)
    for counts in found.columns.values():
        rest = counts.outside if isinstance(counts, NumericCounts) else counts.unseen
        assert sum(counts.counts) + counts.nulls + rest == found.rows == len(rows)


@FEW
@given(ROWS)
def test_a_profile_survives_json(rows: list[Any]) -> None:
    assert Profile.from_json(json.loads(json.dumps(profile(rows).to_json()))) == profile(rows)


def test_a_reference_survives_json_with_its_digest() -> None:
    again = Reference.from_json(json.loads(json.dumps(REFERENCE.to_json())))
    assert again == REFERENCE
    assert again.digest == REFERENCE.digest


def test_bins_hold_a_tenth_of_the_training_each() -> None:
    own = numeric(Profile(REFERENCE.digest, 101, {"temp": REFERENCE.columns["temp"].own}), "temp")
    assert own.counts == (10,) * 10
    assert own.nulls == 1


def test_cells_outside_of_training_are_counted_apart() -> None:
    found = profile([(-1.0, "AA", 0.5), (99.5, "ZZ", 0.5), (float("inf"), "UA", 0.5), (None, None, 0.5)])
    assert (numeric(found, "temp").outside, numeric(found, "temp").nulls) == (3, 1)
    assert found.columns["carrier"] == CategoricalCounts((1, 1), nulls=1, unseen=1)


def test_a_column_that_is_absent_is_missing_in_every_row() -> None:
    found = Profile.empty(REFERENCE).fold(REFERENCE, {"temp": [1.0, 2.0], "extra": ["x", "y"]})
    assert found.columns["carrier"] == CategoricalCounts((0, 0), nulls=2)


def test_what_is_no_number_is_missing_in_a_numeric_column() -> None:
    found = Profile.empty(REFERENCE).fold(REFERENCE, {"temp": [1.0, "warm", True, 10**400]})
    assert numeric(found, "temp").nulls == 2
    assert sum(numeric(found, "temp").counts) == 2


def test_a_json_number_falls_into_the_bin_of_its_32_bit_float() -> None:
    reference = Reference.build(
        {"x": [0.1, 0.2, 0.3]}, {"x": "numeric"}, prediction=("p", [0.1, 0.2, 0.3]), labels=None, package="0" * 64
    )
    found = Profile.empty(reference).fold(reference, {"x": [0.1, 0.2, 0.3]})
    assert found.columns["x"] == reference.columns["x"].own


def test_the_mean_is_known_to_a_millionth_of_the_range() -> None:
    found = profile([(float(number), "AA", 0.5) for number in (1, 2, 6)])
    column = REFERENCE.columns["temp"]
    assert column.mean(numeric(found, "temp")) == pytest.approx(3.0, abs=99e-6)  # type: ignore[union-attr]


def test_profiles_over_different_references_do_not_merge() -> None:
    other = Reference.build({}, {}, prediction=("probability", [0.1]), labels=None, package="1" * 64)
    with pytest.raises(ValueError, match="reference"):
        profile([]) + Profile.empty(other)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        Profile.empty(REFERENCE).fold(REFERENCE, {"temp": [1.0], "carrier": []})
