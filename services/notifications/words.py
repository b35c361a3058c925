"""One sentence for each event that people may want to hear of."""

from collections.abc import Callable
from typing import Any

from shared.events import (
    ActionDeclined,
    ActionFailed,
    ActionObserved,
    ActionStalled,
    ApprovalDelegated,
    ApprovalEndorsed,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    BrakeEngaged,
    BrakeReleased,
    CommandRefused,
    DriftCleared,
    DriftConfirmed,
    Entity,
    Event,
    EventsLost,
    ModelRejected,
    PolicyChanged,
    PromotionAborted,
    PromotionCompleted,
    RedriveRefused,
    RedriveStarted,
    ReleaseRefused,
    RetrainingCompleted,
    RetrainingDeferred,
    RetrainingFailed,
    RetrainingStarted,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
)
from shared.events.brakes import ALL

type Words = Callable[[Any], tuple[str, str]]


def _failed_checks(event: StagingFailed) -> str:
    failed = [check for check in event.checks if check.verdict == "failed"]
    return "; ".join(f"{check.name}: {check.detail}" for check in failed) or event.reason


def scope(event: BrakeEngaged | BrakeReleased) -> str:
    """What is braked, as people call it."""
    return "all reactions" if event.scope == ALL else f"reactions about {Entity.parse(event.scope).name}"


WORDS: dict[type[Event], Words] = {
    ModelRejected: lambda e: (f"{e.model} was not taken in", e.reason),
    StagingPassed: lambda e: (f"{e.candidate.model} passed staging", f"{len(e.checks)} checks passed. {e.reason}"),
    StagingFailed: lambda e: (f"{e.candidate.model} failed staging", _failed_checks(e)),
    StagingInconclusive: lambda e: (f"{e.candidate.model}: staging is inconclusive", e.reason),
    ApprovalGranted: lambda e: (f"{e.candidate.model} was approved", f"For endpoint {e.endpoint.name}."),
    ApprovalRejected: lambda e: (f"{e.candidate.model} was rejected", e.reason or "No reason was given."),
    ApprovalExpired: lambda e: (f"Nobody decided about {e.candidate.model}", "The approval has expired."),
    ApprovalRefused: lambda e: (f"A decision about {e.endpoint.name} did not count", e.reason),
    ApprovalEndorsed: lambda e: (
        f"{e.approver} approved for {e.endpoint.name}",
        f"Still waited for: {', '.join(e.missing)}. {e.reason}".strip(),
    ),
    ApprovalDelegated: lambda e: (f"{e.delegator} passed a decision about {e.endpoint.name} on", f"To {e.delegate}."),
    ApprovalEscalated: lambda e: (
        f"A decision about {e.endpoint.name} is waited for",
        f"{', '.join(e.personas)} may decide as well now: {e.reason}.",
    ),
    ActionObserved: lambda e: (f"{e.service} did not act", f"{e.why}. It would have done: {', '.join(e.would)}."),
    ActionDeclined: lambda e: (f"What {e.service} proposed is not done", e.reason),
    ReleaseRefused: lambda e: (f"{e.service} could not do what was released", e.reason),
    CommandRefused: lambda e: (f"A command in the name of {e.operator} did not count", f"{e.command}: {e.refusal}."),
    BrakeEngaged: lambda e: (f"{e.operator} paused {scope(e)}", e.reason),
    BrakeReleased: lambda e: (f"{e.operator} let {scope(e)} go on", e.reason),
    RedriveStarted: lambda e: (f"{e.operator} had {e.service} do something again", e.reason),
    RedriveRefused: lambda e: (f"{e.service} does not do that again", e.refusal),
    PromotionCompleted: lambda e: (
        f"{e.package.model} is live on {e.endpoint.name}",
        f"Generation {e.generation}, confirmed by {e.instances} scoring instance(s).",
    ),
    PromotionAborted: lambda e: (f"{e.package.model} did not go live on {e.endpoint.name}", e.reason),
    DriftConfirmed: lambda e: (
        f"{e.signal.capitalize()} drift on {e.endpoint.name}",
        f"{e.breaches} of {e.of} windows beyond {e.limit:g} (worst {e.score:.3g}): {', '.join(e.columns)}.",
    ),
    DriftCleared: lambda e: (
        f"{e.signal.capitalize()} drift on {e.endpoint.name} is over",
        "Windows are within limits.",
    ),
    RetrainingStarted: lambda e: (f"Retraining of {e.model_name} started", f"Job {e.job.name}."),
    RetrainingDeferred: lambda e: (f"Retraining of {e.model_name} is put off", e.reason),
    RetrainingCompleted: lambda e: (
        f"{e.model} was trained",
        f"By job {e.job.name}; staging is next.",
    ),
    RetrainingFailed: lambda e: (f"Retraining of {e.model_name} failed", f"Job {e.job.name}: {e.reason}"),
    ActionFailed: lambda e: (f"{e.service} could not {e.effect.replace('_', ' ')}", e.reason),
    ActionStalled: lambda e: (f"{e.service} cannot {e.effect.replace('_', ' ')} yet", e.reason),
    PolicyChanged: lambda e: (
        "The policy was changed",
        f"{e.before or 'none'} → {e.after}, by {e.by or 'nobody named'}.",
    ),
    EventsLost: lambda e: (f"Events were lost on {e.hub}", f"Partition {e.partition}, numbers {e.first} to {e.last}."),
}


def words(event: Event) -> tuple[str, str]:
    """Title and text."""
    return WORDS[type(event)](event)
