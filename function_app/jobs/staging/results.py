"""Making check results, and one verdict of many.

What is said of a check that did not pass names what was found, what was expected and what to do.
"""

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


def at_most(name: str, measured: float, limit: float, detail: str, unit: str = "", *, wrong: str = "") -> CheckResult:
    """`detail` says what was measured, `wrong` what is said instead where it is too much."""
    return _bounded(name, "passed" if measured <= limit else "failed", "at most", measured, limit, detail, unit, wrong)


def at_least(
    name: str,
    measured: float,
    limit: float,
    detail: str,
    unit: str = "",
    *,
    otherwise: Verdict = "failed",
    wrong: str = "",
) -> CheckResult:
    """`otherwise` is the verdict on less."""
    verdict: Verdict = "passed" if measured >= limit else otherwise
    return _bounded(name, verdict, "at least", measured, limit, detail, unit, wrong)


def not_worse(name: str, worse: float, margin: float, limit: float, detail: str, unit: str = "") -> CheckResult:
    """Is the candidate worse by no more than `limit`? `worse` is known up to `margin` either way (95 %)."""
    verdict: Verdict = "inconclusive"
    if worse + margin <= limit:
        verdict = "passed"
    elif worse - margin > limit:
        verdict = "failed"
    wrong = {
        "failed": f"{detail}: surely worse than the {limit:g} that is allowed",
        "inconclusive": f"{detail}: whether it is worse by no more than {limit:g} is not certain; more rows would tell",
    }.get(verdict, "")
    return _bounded(name, verdict, "at most", worse, limit, detail, unit, wrong, margin)


def _bounded(
    name: str, verdict: Verdict, bound: Bound, measured: float, limit: float, detail: str, unit: str, wrong: str,
    margin: float | None = None,
) -> CheckResult:  # fmt: skip
    known = margin if margin is not None and isfinite(margin) else None
    said = detail
    if verdict != "passed":
        said = wrong or f"{detail}: {measured:.6g} found, {bound} {limit:g} expected"
    return CheckResult(
        name=name, verdict=verdict, measured=measured, limit=limit, bound=bound, margin=known, unit=unit, detail=said
    )


def verdict_of(checks: Sequence[CheckResult]) -> tuple[Verdict, str]:
    """The verdict, and why in words."""
    for verdict in ("failed", "inconclusive"):
        those = [check for check in checks if check.verdict == verdict]
        if those:
            return verdict, "; ".join(f"{check.name}: {check.detail}" for check in those)
    return "passed", f"all {len(checks)} checks passed"
