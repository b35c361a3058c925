"""Canary steps are data, and a document in which they make no sense does not hold (F11)."""

import pytest

from services.promotion.limits import PromotionLimits
from shared.policies import InvalidPolicy, PolicyDocument
from tests.support.builders import endpoint_ref, policy_document, read_document


def document(steps: str) -> PolicyDocument:
    text = f"endpoints: {{flights: {{model: flights, limits: {{promotion: {{steps: {steps}}}}}}}}}"
    return read_document(text)


def test_the_default_goes_over_two_small_shares_to_all() -> None:
    steps = policy_document().section(PromotionLimits, endpoint_ref()).steps
    assert [step.share for step in steps] == [5, 25, 100]
    assert all(step.duration_s <= step.wait_s for step in steps)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("[]", "steps"),
        ("[{share: 50}]", "shares that rise to 100"),
        ("[{share: 50}, {share: 20}, {share: 100}]", "shares that rise to 100"),
        ("[{share: 0}, {share: 100}]", "greater than 0"),
        ("[{share: 100, duration_s: 60, wait_s: 30}]", "wait_s: at least duration_s"),
    ],
)
def test_steps_that_make_no_sense_are_refused_by_name(steps: str, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        document(steps)
