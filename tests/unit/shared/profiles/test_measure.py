"""Drift and quality of a window."""

import numpy as np
import pytest

from shared.profiles import Profile, Reference, measure, psi, quality

RANDOM = np.random.default_rng(7)
CARRIERS = [f"C{number:03}" for number in range(200)]


def rows(count: int, shift: float = 0.0, carriers: list[str] = CARRIERS) -> dict[str, list[object]]:
    return {
        "temp": RANDOM.normal(50 + shift, 10, count).tolist(),
        "carrier": RANDOM.choice(carriers, count).tolist(),
        "probability": RANDOM.beta(2, 6, count).tolist(),
    }


TRAINING = rows(20_000)
REFERENCE = Reference.build(
    {"temp": TRAINING["temp"], "carrier": TRAINING["carrier"]},
    {"temp": "numeric", "carrier": "categorical"},
    prediction=("probability", TRAINING["probability"]),
    labels=None,
    package="0" * 64,
)


def fold(columns: dict[str, list[object]]) -> Profile:
    return Profile.empty(REFERENCE).fold(REFERENCE, columns)


def test_no_change_is_no_drift_even_with_hundreds_of_categories() -> None:
    drift = measure(fold(rows(2_000)), REFERENCE)
    assert all(feature.psi < 0.03 for feature in (*drift.features, drift.prediction))


def test_a_shift_of_one_deviation_is_strong_drift_of_that_column_alone() -> None:
    drift = {feature.name: feature for feature in measure(fold(rows(2_000, shift=10)), REFERENCE).features}
    assert drift["temp"].psi > 0.5
    assert drift["temp"].js > 0.3
    assert drift["carrier"].psi < 0.03


def test_the_measure_is_the_distance_of_the_buckets() -> None:
    window = fold(rows(500, shift=3))
    temp = REFERENCE.columns["temp"]
    expected = psi([*temp.own.counts, 0, 0], [*window.columns["temp"].counts, 0, window.columns["temp"].outside])  # type: ignore[union-attr]
    assert measure(window, REFERENCE).features[0].psi == pytest.approx(expected)


def test_new_categories_are_drift_and_a_quality_problem() -> None:
    window = fold(rows(1_000, carriers=["NEW"]))
    drift = {feature.name: feature for feature in measure(window, REFERENCE).features}
    assert drift["carrier"].psi > 1
    assert quality(window, REFERENCE).unseen_category_rates == {"carrier": 1.0}


def test_leaving_a_constant_to_either_side_is_drift() -> None:
    constant = Reference.build(
        {"x": [1.0] * 500}, {"x": "numeric"}, prediction=("p", [0.5] * 500), labels=None, package="0" * 64
    )
    for value in (0.0, 2.0):
        window = Profile.empty(constant).fold(constant, {"x": [value] * 100, "p": [0.5] * 100})
        assert measure(window, constant).features[0].psi > 1


def test_nulls_are_reported_beside_those_of_the_reference() -> None:
    window = fold({"temp": [None, 50.0], "carrier": ["C000", "C001"], "probability": [0.5, 0.5]})
    assert measure(window, REFERENCE).features[0].null_rate == 0.5
    assert measure(window, REFERENCE).features[0].reference_null_rate == 0.0
    assert quality(window, REFERENCE).null_rates["temp"] == 0.5


def test_values_outside_of_training_are_a_quality_problem() -> None:
    assert quality(fold(rows(500, shift=1_000)), REFERENCE).out_of_range_rates == {"temp": 1.0}


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="rows"):
        measure(Profile.empty(REFERENCE), REFERENCE)
