"""A canary step: each figure with where it lies, its limit, and how many requests that was."""

from services.approval_pages.evidence.kinds.canary_step import renderer
from services.approval_pages.evidence.registry import show
from shared.approvals import Exhibit
from shared.events import CanaryStep, Finding
from tests.support.builders import package_ref
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, measures

STEP = CanaryStep(
    package=package_ref("2"), champion=package_ref("1", "c"), share=20, following=50, seconds=3600,
    findings=(
        Finding(test="errors", verdict="inconclusive", detail="Too few.", low=-0.01, high=0.04, limit=0.02, of=150,
                champion_of=600),
        Finding(test="latency", verdict="go on", detail="Fine.", low=0, high=0.01, limit=0.05, of=150),
    ),
)  # fmt: skip


def test_where_a_figure_lies_is_told_and_drawn_against_its_limit() -> None:
    shown = show(Exhibit(kind=renderer.kind, data=STEP.model_dump(mode="json")))
    errors, latency = measures(shown)
    assert (errors.measured, errors.limit_words, errors.met) == ("-0.01 to 0.04", "≤ 0.02", "? not certain")
    assert errors.detail == "Too few. Counted: 150, 600 beside it."
    assert latency.met == "✓ met"
    assert errors.picture
    assert errors.picture.span
    assert errors.picture.limit
    assert errors.picture.span[0] < errors.picture.limit < errors.picture.span[1]


def test_what_a_yes_would_give_it_is_told() -> None:
    known = facts(show(Exhibit(kind=renderer.kind, data=STEP.model_dump(mode="json"))))
    assert (known["Its share of the requests"], known["Its share after a yes"]) == ("20 %", "50 %")
    assert known["Watched for"] == "1 hour"
