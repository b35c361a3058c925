"""The distances against SciPy and against a sum by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr

from shared.profiles import js_distance, psi, psi_without_change
from shared.profiles.distance import shares

FEW = settings(max_examples=60)
COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=12)


def test_psi_of_two_buckets_by_hand() -> None:
    # (70.5/101 - 30.5/101) ln(70.5/30.5) + (30.5/101 - 70.5/101) ln(30.5/70.5) = 2 * 40/101 * ln(141/61)
    assert psi([30, 70], [70, 30]) == pytest.approx(2 * 40 / 101 * np.log(141 / 61))


@FEW
@given(COUNTS, COUNTS)
def test_the_distances_are_those_of_scipy(left: list[int], right: list[int]) -> None:
    size = min(len(left), len(right))
    e, a = shares(left[:size]), shares(right[:size])
    assert psi(left[:size], right[:size]) == pytest.approx(rel_entr(e, a).sum() + rel_entr(a, e).sum(), abs=1e-12)
    assert js_distance(left[:size], right[:size]) == pytest.approx(jensenshannon(e, a, base=2), abs=1e-7)


@FEW
@given(COUNTS, COUNTS)
def test_distances_are_finite_and_js_is_at_most_one(left: list[int], right: list[int]) -> None:
    size = min(len(left), len(right))
    assert np.isfinite(psi(left[:size], right[:size]))
    assert 0 <= js_distance(left[:size], right[:size]) <= 1


def test_psi_without_change_is_what_sampling_alone_gives() -> None:
    random = np.random.default_rng(0)
    even = np.full(10, 0.1)
    found = [psi(random.multinomial(20_000, even), random.multinomial(500, even)) for _ in range(300)]
    assert np.mean(found) == pytest.approx(psi_without_change(10, 20_000, 500), rel=0.15)
