"""A canary step: each figure with where it lies, its limit, and how many requests that was."""

from services.approval_pages.evidence.kinds.canary_step import renderer
from services.approval_pages.evidence.registry import show
from services.approval_pages.evidence.showing import Table
from shared.approvals import Exhibit
from shared.events import CanaryStep, CountedStep, Finding
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
    assert (errors.measured, errors.limit_words, errors.met) == ("-0.01 to 0.04", "at most 0.02", "? not certain")
    assert errors.detail == "Too few. Counted: 150, 600 beside it."
    assert latency.met == "✓ met"
    assert errors.picture
    assert errors.picture.span
    assert errors.picture.limit
    assert errors.picture.span[0] < errors.picture.limit < errors.picture.span[1]


def test_what_a_yes_would_give_it_is_told() -> None:
    known = facts(show(Exhibit(kind=renderer.kind, data=STEP.model_dump(mode="json"))))
    assert (known["Its share of the requests"], known["After a yes"]) == ("20 %", "50 % of the requests")
    assert known["Watched for"] == "1 hour"


STEPS = STEP.model_copy(
    update={
        "steps": (
            CountedStep(share=5, came="passed", seconds=600, requests=1240, slow=12, slow_ms=25, by_a_person=True),
            CountedStep(share=10, came="passed", seconds=660, requests=3000, failed=1, slow=0, slow_ms=25),
            CountedStep(share=20, came="present", seconds=3600, requests=150, failed=3, slow=9, slow_ms=50),
            CountedStep(share=50, came="to come", seconds=600, least_requests=500),
            CountedStep(share=100, came="to come", seconds=300),
        )
    }
)


def test_every_step_is_named_with_its_figures_and_what_comes_next() -> None:
    shown = show(Exhibit(kind=renderer.kind, data=STEPS.model_dump(mode="json")))
    assert facts(shown)["After a yes"] == "50 % of the requests, for at least 10 minutes and 500 requests"
    (table,) = [block for block in shown.blocks if isinstance(block, Table)]
    assert table.columns == ("Share", "Step", "Requests", "Errors", "Slow answers")
    assert table.rows == (
        ("5 %", "passed by a person's word after 10 minutes", "1,240", "0 (0.00%)", "12 (0.97%), beyond 25 ms"),
        ("10 %", "passed after 11 minutes", "3,000", "1 (0.03%)", "0 (0.00%), beyond 25 ms"),
        ("20 %", "present, for 1 hour", "150", "3 (2.00%)", "9 (6.12%), beyond 50 ms"),
        ("50 %", "to come, for at least 10 minutes and 500 requests", "–", "–", "–"),
        ("100 %", "to come, for at least 5 minutes", "–", "–", "–"),
    )


def test_a_step_without_requests_and_the_last_one_are_shown_as_they_are() -> None:
    last = STEP.model_copy(update={"following": None, "steps": (CountedStep(share=100, came="present", seconds=5),)})
    shown = show(Exhibit(kind=renderer.kind, data=last.model_dump(mode="json")))
    assert facts(shown)["After a yes"] == "nothing more: it is live"
    (table,) = [block for block in shown.blocks if isinstance(block, Table)]
    assert table.rows == (("100 %", "present, for 5 seconds", "0", "0", "0"),)


def test_what_an_earlier_build_kept_without_steps_is_shown_without_them() -> None:
    shown = show(Exhibit(kind=renderer.kind, data=STEP.model_dump(mode="json", exclude={"steps"})))
    assert [block for block in shown.blocks if isinstance(block, Table)] == []
