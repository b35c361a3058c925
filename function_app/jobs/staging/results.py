"""Making check results, and one verdict of many."""

from collections.abc import Sequence
from math import isfinite

from shared.events import CheckResult
from shared.events.staging import Bound, Verdict


def passed(name: str, detail: str) -> CheckResult:
    return CheckResult(name=name, verdict="passed", detail=detail)


def failed(name: str, detail: str) -> CheckResult:
    return CheckResult(name=name, verdict="failed", detail=detail)


def inconclusive(name: str, detail: str) -> CheckResult:
    return CheckResult(name=name, verdict="inconclusive", detail=detail)


def at_most(name: str, measured: float, limit: float, detail: str, unit: str = "") -> CheckResult:
    return _bounded(name, "passed" if measured <= limit else "failed", "at most", measured, limit, detail, unit)


def at_least(
    name: str, measured: float, limit: float, detail: str, unit: str = "", otherwise: Verdict = "failed"
) -> CheckResult:
    """`otherwise` is the verdict on less."""
    return _bounded(name, "passed" if measured >= limit else otherwise, "at least", measured, limit, detail, unit)


def not_worse(name: str, worse: float, margin: float, limit: float, detail: str, unit: str = "") -> CheckResult:
    """Is the candidate worse by no more than `limit`? `worse` is known up to `margin` either way (95 %)."""
    verdict: Verdict = "inconclusive"
    if worse + margin <= limit:
        verdict = "passed"
    elif worse - margin > limit:
        verdict = "failed"
    return _bounded(name, verdict, "at most", worse, limit, detail, unit, margin)


def _bounded(
    name: str, verdict: Verdict, bound: Bound, measured: float, limit: float, detail: str, unit: str,
    margin: float | None = None,
) -> CheckResult:  # fmt: skip
    known = margin if margin is not None and isfinite(margin) else None
    return CheckResult(
        name=name, verdict=verdict, measured=measured, limit=limit, bound=bound, margin=known, unit=unit, detail=detail
    )


def verdict_of(checks: Sequence[CheckResult]) -> tuple[Verdict, str]:
    """The verdict, and why in words."""
    for verdict in ("failed", "inconclusive"):
        those = [check for check in checks if check.verdict == verdict]
        if those:
            return verdict, "; ".join(f"{check.name}: {check.detail}" for check in those)
    return "passed", f"all {len(checks)} checks passed"
