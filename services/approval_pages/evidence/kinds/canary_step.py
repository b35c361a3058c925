"""A canary step that could not be settled (N2): where each figure of the candidate lies, against what it may be."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Block, Facts, Measure, Measures, Outcome, Shown, Table
from services.approval_pages.values import NONE, duration, number, package_words
from shared.events import CanaryStep, CountedStep, Finding
from shared.events.announcement import sentence

_COLUMNS = ("Share", "Step", "Requests", "Errors", "Slow answers")
_OUTCOMES: dict[str, Outcome] = {"go on": "passed", "abort": "failed"}
_UNITS = {
    "errors": "share of requests",
    "latency": "share of slow requests",
    "predictions": "distance of predictions",
}


def show(step: CanaryStep) -> Shown:
    facts = [
        ("Candidate", package_words(step.package)),
        ("Beside it", package_words(step.champion) if step.champion else "nothing"),
        ("Its share of the requests", f"{step.share:g} %"),
        ("Watched for", duration(step.seconds)),
    ]
    facts.append(("After a yes", _following(step)))
    blocks: list[Block] = [Facts(tuple(facts))]
    if step.steps:
        blocks.append(Table("Steps", _COLUMNS, tuple(map(_row, step.steps)), frozenset(_COLUMNS[2:])))
    if step.findings:
        blocks.append(Measures("What was measured, candidate against what serves", tuple(map(_measure, step.findings))))
    return Shown("Canary step", tuple(blocks))


def _following(step: CanaryStep) -> str:
    """What the next step is, and what it takes."""
    if step.following is None:
        return "nothing more: it is live"
    coming = next((each for each in step.steps if each.came == "to come"), None)
    return f"{step.following:g} % of the requests" + (f", {_least(coming)}" if coming else "")


def _least(step: CountedStep) -> str:
    requests = f" and {step.least_requests:,} requests" if step.least_requests else ""
    return f"for at least {duration(step.seconds)}{requests}"


def _row(step: CountedStep) -> tuple[str, ...]:
    share = f"{step.share:g} %"
    if step.came == "to come":
        return (share, f"to come, {_least(step)}", NONE, NONE, NONE)
    verb = "passed by a person's word" if step.by_a_person else "passed"
    how = f"{verb} after" if step.came == "passed" else "present, for"
    bound = f", beyond {number(step.slow_ms, 'ms')}" if step.slow_ms else ""
    slow = f"{_of(step.slow, step.requests - step.failed)}{bound}"
    return (share, f"{how} {duration(step.seconds)}", f"{step.requests:,}", _of(step.failed, step.requests), slow)


def _of(count: int, all_of: int) -> str:
    """A count with its rate, where there is one."""
    return f"{count:,} ({count / all_of:.2%})" if all_of else f"{count:,}"


def _measure(finding: Finding) -> Measure:
    beside = f", {finding.champion_of:,} beside it" if finding.champion_of else ""
    return Measure(
        name=finding.test,
        outcome=_OUTCOMES.get(finding.verdict, "inconclusive"),
        unit=_UNITS[finding.test],
        limit=finding.limit,
        bound="at most",
        low=finding.low,
        high=finding.high,
        detail=f"{sentence(finding.detail)} Counted: {finding.of:,}{beside}.",
    )


renderer = Renderer("canary_step", CanaryStep, show)
