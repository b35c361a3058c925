"""The staging report: what did not pass first, limits with their direction, and the way back."""

from typing import Any

from services.approval_pages.evidence.kinds.staging_report import show
from services.approval_pages.evidence.showing import Measures
from shared.events import CheckResult
from shared.packages import Rehearsal, StagingReport, SuiteLimits
from tests.support.builders import digest, endpoint_ref, package_ref
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, measures


def report(*checks: CheckResult, **changes: Any) -> StagingReport:
    body: dict[str, Any] = {
        "verdict": "passed", "reason": "", "candidate": package_ref("2"), "champion": package_ref("1", "c"),
        "endpoint": endpoint_ref(), "limits": SuiteLimits(), "checks": checks, "rows": 0,
    }  # fmt: skip
    return StagingReport(**{**body, **changes})


def check(name: str, **changes: Any) -> CheckResult:
    return CheckResult(**{"name": name, "verdict": "passed", **changes})


def test_a_limit_says_its_direction_and_whether_it_is_met() -> None:
    auc = check("metrics.roc_auc", measured=0.6616, limit=0.55, bound="at least")
    slow = check("deployment.latency_p95", verdict="failed", measured=180, limit=100, bound="at most", unit="ms")
    worst, best = measures(show(report(auc, slow)))
    assert (worst.name, worst.measured, worst.limit_words, worst.met) == (
        "deployment: latency p95", "180 ms", "at most 100 ms", "✗ not met",
    )  # fmt: skip
    assert (best.measured, best.limit_words, best.met) == ("0.6616", "at least 0.55", "✓ met")


def test_an_estimate_is_shown_with_where_it_surely_lies() -> None:
    loss = check(
        "comparison.log_loss", verdict="inconclusive", measured=0.008, margin=0.004, limit=0.01, bound="at most"
    )
    (row,) = measures(show(report(loss)))
    assert (row.low, row.high, row.met) == (0.004, 0.012, "? not certain")
    assert row.picture
    assert row.picture.span


def test_the_direction_of_an_earlier_builds_limit_follows_from_the_verdict() -> None:
    below, above = check("a", measured=1, limit=2), check("b", measured=2, limit=1)
    short = check("c", verdict="failed", measured=1, limit=2)
    unclear = check("d", verdict="inconclusive", measured=1, limit=2)
    found = {row.name: row.limit_words for row in measures(show(report(below, above, short, unclear)))}
    assert found == {"a": "at most 2", "b": "at least 1", "c": "at least 2", "d": "2"}


def test_many_passed_checks_are_closed_until_somebody_opens_them() -> None:
    shown = show(report(check("x", verdict="inconclusive"), *(check(f"check_{number}") for number in range(9))))
    wanting, passed = [block for block in shown.blocks if isinstance(block, Measures)]
    assert (wanting.folded, passed.folded, passed.caption) == (False, True, "9 checks passed")


def test_the_way_back_is_told_with_how_long_it_took() -> None:
    tried = Rehearsal(package=package_ref("1", "c"), rows=20, distance=1e-7, outputs=digest("f"), restore_s=3.2)
    assert facts(show(report(rehearsal=tried)))["Way back, tried"] == (
        "flights:1 in 3 seconds, 20 golden rows, 1 × 10⁻⁷ apart at most"
    )
    assert facts(show(report()))["Way back, tried"] == "no"
    assert "Way back, tried" not in facts(show(report(champion=None)))
