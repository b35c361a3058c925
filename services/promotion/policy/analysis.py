"""What a canary step says of the candidate: go on, abort, or ask a person. Pure.

Errors and latency are judged by confidence sequences (`sequences.py`): a limit that lies below the interval is broken,
one above it is kept, and one inside it is not settled yet. Predictions are compared with what staging saw.
"""

from collections.abc import Sequence
from math import log, sqrt
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.promotion.limits import CanaryStep, PromotionLimits
from services.promotion.policy.sequences import difference_within, rate_within
from services.promotion.policy.tally import Tally
from shared.events import Finding
from shared.profiles import psi

type Verdict = Literal["go on", "abort", "inconclusive", "ask a person"]


class Analysis(BaseModel):
    """`inconclusive` may still become certain; `ask a person` will not by itself."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...] = ()


def analyse(
    candidate: Tally, champion: Tally | None, reference: Sequence[int] | None, step: CanaryStep, limits: PromotionLimits
) -> Analysis:
    """`champion` is None where it does not answer beside the candidate; `reference` is what staging counted."""
    alpha = limits.false_alarm_rate / (2 * len(limits.steps))
    if champion is None:
        findings = [_errors_alone(candidate, limits, alpha)]
    else:
        findings = [_errors(candidate, champion, limits, alpha), _latency(candidate, champion, limits, alpha)]
        findings += [] if reference is None else [_predictions(candidate.predictions, reference, limits)]
    return _concluded(findings, candidate.requests, step.least_requests)


def _concluded(findings: Sequence[Finding], requests: int, least: int) -> Analysis:
    found = tuple(findings)
    for verdict in ("abort", "ask a person", "inconclusive"):
        reasons = [finding.detail for finding in found if finding.verdict == verdict]
        if reasons and not (verdict == "ask a person" and requests < least):
            return Analysis(verdict=verdict, reason="; ".join(reasons), findings=found)
    if requests < least:
        return Analysis(
            verdict="inconclusive", reason=f"{requests} of at least {least} requests were seen", findings=found
        )
    return Analysis(verdict="go on", reason="within all limits", findings=found)


def _errors(candidate: Tally, champion: Tally, limits: PromotionLimits, alpha: float) -> Finding:
    mine, theirs = (candidate.failed, candidate.requests), (champion.failed, champion.requests)
    return _compared("errors", "error rate", mine, theirs, limits.error_rate_rise, alpha)


def _latency(candidate: Tally, champion: Tally, limits: PromotionLimits, alpha: float) -> Finding:
    mine, theirs = (candidate.slow, candidate.answered), (champion.slow, champion.answered)
    return _compared("latency", "share of slow answers", mine, theirs, limits.slow_rate_rise, alpha)


def _compared(
    test: Literal["errors", "latency"], what: str, mine: tuple[int, int], theirs: tuple[int, int], limit: float,
    alpha: float,
) -> Finding:  # fmt: skip
    low, high = difference_within(mine, theirs, alpha)
    detail = (
        f"{what} {_percent(mine)} of {mine[1]} requests, champion {_percent(theirs)} of {theirs[1]}: "
        f"difference {low:+.2%} to {high:+.2%}, limit {limit:+.2%}"
    )
    return Finding(
        test=test, verdict=_settled(low, high, limit), detail=detail, low=low, high=high, limit=limit, of=mine[1],
        champion_of=theirs[1],
    )  # fmt: skip


def _settled(low: float, high: float, limit: float) -> Verdict:
    if low > limit:
        return "abort"
    return "go on" if high <= limit else "inconclusive"


def _percent(rate: tuple[int, int]) -> str:
    events, of = rate
    return f"{events / of:.2%}" if of else "unknown"


def _errors_alone(candidate: Tally, limits: PromotionLimits, alpha: float) -> Finding:
    """Nobody to compare with, and nothing more to open up: only an error rate that is surely too high says no."""
    low, high = rate_within(candidate.failed, candidate.requests, alpha)
    verdict: Verdict = "abort" if low > limits.most_errors else "go on"
    rate = _percent((candidate.failed, candidate.requests))
    detail = (
        f"error rate {rate} of {candidate.requests} requests: {low:.2%} to {high:.2%}, limit {limits.most_errors:.2%}"
    )
    return Finding(
        test="errors", verdict=verdict, detail=detail, low=low, high=high, limit=limits.most_errors,
        of=candidate.requests,
    )  # fmt: skip


def _predictions(counts: Sequence[int], reference: Sequence[int], limits: PromotionLimits) -> Finding:
    """Beyond the limit a person is asked: a season that shifts looks the same as a model that is broken."""
    rows, known, limit = sum(counts), sum(reference), limits.prediction_psi
    if len(counts) != len(reference) or not rows or not known:
        detail = f"predictions: {rows} rows were counted that can be compared with {known} of staging"
        return Finding(test="predictions", verdict="inconclusive", detail=detail, low=0, high=0, limit=limit, of=rows)
    noise = psi_by_chance(len(reference), known, rows, limits.false_alarm_rate)
    distance = psi(reference, counts)
    low, high = max(0.0, distance - noise), distance + noise
    settled = _settled(low, high, limit)
    detail = f"predictions: PSI {distance:.3f} (chance gives up to {noise:.3f}) over {rows} rows, limit {limit:g}"
    verdict: Verdict = "ask a person" if settled == "abort" else settled
    return Finding(test="predictions", verdict=verdict, detail=detail, low=low, high=high, limit=limit, of=rows)


def psi_by_chance(buckets: int, expected_rows: int, actual_rows: int, alpha: float) -> float:
    """What `psi` exceeds with probability `alpha` at most, roughly, when nothing changed.

    It is about (1/n + 1/m) times a chi-square of B - 1 degrees of freedom (Yurdakul and Naranjo, 2020), whose tail is
    bounded by Laurent and Massart, "Adaptive estimation of a quadratic functional" (2000), lemma 1:
    P(X >= d + 2 sqrt(d x) + 2 x) <= exp(-x).
    """
    d, x = buckets - 1, -log(alpha)
    return (1 / expected_rows + 1 / actual_rows) * (d + 2 * sqrt(d * x) + 2 * x)
