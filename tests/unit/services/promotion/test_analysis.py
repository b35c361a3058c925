"""Go on, abort, or ask a person: bounded errors however often one looks, and no verdict without grounds (F11)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.promotion.limits import CanaryStep, PromotionLimits
from services.promotion.policy.analysis import Analysis, analyse, psi_by_chance
from services.promotion.policy.sequences import difference_within, rate_within
from services.promotion.policy.tally import Tally
from shared.profiles import psi
from tests.unit.services.promotion.material import REFERENCE, tally

LIMITS = PromotionLimits(error_rate_rise=0.02, slow_rate_rise=0.05)
STEP = CanaryStep(share=10, least_requests=500)
ALIKE = (100,) * 10 + (0, 0)
CHAMPION = tally(20_000, slow=1000, failed=20)
GOOD = tally(2000, slow=100, failed=2, predictions=ALIKE)
COUNTS = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda pair: (min(pair), max(pair)))


def analysis(
    candidate: Tally, champion: Tally | None = CHAMPION, reference: tuple[int, ...] | None = REFERENCE
) -> Analysis:
    return analyse(candidate, champion, reference, STEP, LIMITS)


def verdicts(found: Analysis) -> dict[str, str]:
    return {finding.test: finding.verdict for finding in found.findings}


def test_a_candidate_like_the_champion_goes_on() -> None:
    found = analysis(GOOD)
    assert found.verdict == "go on"
    assert verdicts(found) == {"errors": "go on", "latency": "go on", "predictions": "go on"}


@pytest.mark.parametrize(
    ("candidate", "test"),
    [(tally(1800, failed=200, predictions=ALIKE), "errors"), (tally(2000, slow=600, predictions=ALIKE), "latency")],
)
def test_one_broken_limit_is_enough_to_abort(candidate: Tally, test: str) -> None:
    found = analysis(candidate)
    assert found.verdict == "abort"
    assert [finding.test for finding in found.findings if finding.verdict == "abort"] == [test]


def test_harm_is_seen_before_the_least_requests_are() -> None:
    assert analysis(tally(0, failed=60)).verdict == "abort"


@pytest.mark.parametrize("candidate", [Tally(), tally(50), tally(499, predictions=(50,) * 10 + (0, 0))])
def test_few_requests_settle_nothing(candidate: Tally) -> None:
    assert analysis(candidate).verdict == "inconclusive"


def test_a_rate_at_its_limit_settles_nothing_either() -> None:
    assert verdicts(analysis(tally(9790, failed=210, predictions=ALIKE)))["errors"] == "inconclusive"


def test_other_predictions_are_for_a_person_to_judge() -> None:
    found = analysis(GOOD.model_copy(update={"predictions": (1000,) + (0,) * 11}))
    assert (found.verdict, verdicts(found)["predictions"]) == ("ask a person", "ask a person")


@pytest.mark.parametrize("counts", [(), (5, 5), (0,) * 12])
def test_counts_that_cannot_be_compared_are_no_agreement(counts: tuple[int, ...]) -> None:
    assert verdicts(analysis(GOOD.model_copy(update={"predictions": counts})))["predictions"] == "inconclusive"


def test_without_a_profile_from_staging_predictions_are_not_judged() -> None:
    assert "predictions" not in verdicts(analysis(GOOD, reference=None))


def test_without_a_champion_only_errors_that_are_surely_too_many_say_no() -> None:
    assert analysis(tally(2000, slow=2000), None).verdict == "go on"
    assert analysis(tally(1800, failed=200), None).verdict == "abort"
    assert analysis(tally(10), None).verdict == "inconclusive"


@given(COUNTS, st.floats(1e-4, 0.5))
def test_the_observed_rate_lies_within_its_interval(counts: tuple[int, int], alpha: float) -> None:
    events, of = counts
    low, high = rate_within(events, of, alpha)
    assert 0 <= low <= high <= 1
    if of:
        assert low <= events / of <= high


@given(COUNTS, st.floats(1e-4, 0.25))
def test_more_certainty_needs_a_wider_interval(counts: tuple[int, int], alpha: float) -> None:
    low, high = rate_within(*counts, alpha)
    wider_low, wider_high = rate_within(*counts, alpha / 2)
    assert wider_low <= low + 1e-9
    assert high <= wider_high + 1e-9


@given(COUNTS, COUNTS)
def test_a_difference_mirrors_when_the_two_change_places(one: tuple[int, int], other: tuple[int, int]) -> None:
    low, high = difference_within(one, other, 0.01)
    assert difference_within(other, one, 0.01) == pytest.approx((-high, -low))


@given(COUNTS, st.integers(1, 400))
def test_a_failure_more_never_makes_a_candidate_look_better(counts: tuple[int, int], more: int) -> None:
    failed, of = counts
    before = analysis(tally(of - failed, failed=failed))
    after = analysis(tally(of - failed, failed=failed + more))
    order = ["go on", "inconclusive", "abort"]
    assert order.index(verdicts(after)["errors"]) >= order.index(verdicts(before)["errors"]) or of < 500


def test_false_alarms_stay_bounded_when_one_looks_after_every_request() -> None:
    """Two hundred streams at exactly the limit, each looked at again and again: 5 % may be outside, ever."""
    rng, alpha, rate = np.random.default_rng(5), 0.05, 0.03
    outside = 0
    for _ in range(200):
        events = np.cumsum(rng.random(2000) < rate)
        looks = range(0, 2000, 25)
        outside += any(not _covers(int(events[n]), n + 1, alpha, rate) for n in looks)
    assert outside <= 200 * alpha
    fixed = sum(_ever_beyond_a_fixed_interval(rng, rate) for _ in range(100))
    assert fixed > 100 * alpha, "an interval that is made for one look does not bear many"


def _covers(events: int, of: int, alpha: float, rate: float) -> bool:
    low, high = rate_within(events, of, alpha)
    return low <= rate <= high


def _ever_beyond_a_fixed_interval(rng: np.random.Generator, rate: float) -> bool:
    of = np.arange(100, 2000)
    observed = np.cumsum(rng.random(2000) < rate)[100:] / of
    return bool(np.any(np.abs(observed - rate) > 1.96 * np.sqrt(rate * (1 - rate) / of)))


def test_a_sample_of_the_same_predictions_stays_within_chance() -> None:
    rng, beyond = np.random.default_rng(7), 0
    for _ in range(300):
        counts = np.bincount(rng.integers(0, 10, 600), minlength=12)
        beyond += psi(REFERENCE, counts) > psi_by_chance(12, sum(REFERENCE), 600, 0.01)
    assert beyond <= 3
