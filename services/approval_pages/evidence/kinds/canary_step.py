"""A canary step that could not be settled (N2): where each figure of the candidate lies, against what it may be."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Measure, Measures, Outcome, Shown
from services.approval_pages.values import duration, package_words
from shared.events import CanaryStep, Finding
from shared.events.announcement import sentence

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
    if step.following is not None:
        facts.append(("Its share after a yes", f"{step.following:g} %"))
    measures = Measures("What was measured, candidate against what serves", tuple(map(_measure, step.findings)))
    return Shown("Canary step", (Facts(tuple(facts)), *([measures] if step.findings else [])))


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
