"""One sentence for each event that people may want to hear of."""

from collections.abc import Callable
from typing import Any

from shared.events import (
    ActionApproved,
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
    BatchCompleted,
    BatchFailed,
    BrakeEngaged,
    BrakeReleased,
    CommandRefused,
    DriftCleared,
    DriftConfirmed,
    Entity,
    Event,
    EventsLost,
    HubReplaced,
    ModelRejected,
    PolicyChanged,
    PromotionAborted,
    PromotionCompleted,
    PromotionRefused,
    PromotionStepped,
    RedriveRefused,
    RedriveStarted,
    ReleaseRefused,
    RetrainingCompleted,
    RetrainingDeferred,
    RetrainingFailed,
    RetrainingStarted,
    RollbackCompleted,
    RollbackFailed,
    RollbackStarted,
    RollbackSuperseded,
    RowsRefused,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
    StateSetAside,
)
from shared.events.brakes import ALL

_LONGEST_NAME = 200
type Words = Callable[[Any], tuple[str, str]]


def _failed_checks(event: StagingFailed) -> str:
    failed = [check for check in event.checks if check.verdict == "failed"]
    return "; ".join(f"{check.name}: {check.detail}" for check in failed) or event.reason


def _proved(event: RollbackCompleted) -> str:
    furthest = max((proof.distance for proof in event.proofs), default=0.0)
    text = (
        f"After {event.seconds:.1f} s, proved by {event.instances} scoring instance(s), {furthest:.2g} apart at most."
    )
    if event.rehearsal is None:
        return f"{text} This way back was not rehearsed."
    return f"{text} Rehearsed: {event.rehearsal.restore_s:.1f} s, {event.rehearsal.distance:.2g} apart."


def scope(event: BrakeEngaged | BrakeReleased) -> str:
    """What is braked, as people call it."""
    return "all reactions" if event.scope == ALL else f"reactions about {Entity.parse(event.scope).name}"


def _rejected(event: BatchCompleted) -> str:
    return f", {event.rejected:,} rejected ({', '.join(event.rejected_by)})" if event.rejected else ""


WORDS: dict[type[Event], Words] = {
    ModelRejected: lambda e: (f"{e.model} was not taken in", e.reason),
    StagingPassed: lambda e: (f"{e.candidate.model} passed staging", f"{len(e.checks)} checks passed. {e.reason}"),
    StagingFailed: lambda e: (f"{e.candidate.model} failed staging", _failed_checks(e)),
    StagingInconclusive: lambda e: (f"{e.candidate.model}: staging is inconclusive", e.reason),
    ApprovalGranted: lambda e: (f"{e.candidate.model} was approved", f"For endpoint {e.endpoint.name}."),
    ApprovalRejected: lambda e: (f"{e.candidate.model} was rejected", e.reason or "No reason was given."),
    ApprovalExpired: lambda e: (f"Nobody decided about {e.candidate.model}", "The approval has expired."),
    ApprovalRefused: lambda e: (f"A decision about {e.thing.name} did not count", e.reason),
    ApprovalEndorsed: lambda e: (
        f"{e.approver} approved for {e.thing.name}",
        f"Still waited for: {', '.join(e.missing)}. {e.reason}".strip(),
    ),
    ApprovalDelegated: lambda e: (f"{e.delegator} passed a decision about {e.thing.name} on", f"To {e.delegate}."),
    ApprovalEscalated: lambda e: (
        f"A decision about {e.thing.name} is waited for",
        f"{', '.join(e.personas)} may decide as well now: {e.reason}.",
    ),
    ActionObserved: lambda e: (f"{e.service} did not act", f"{e.why}. It would have done: {', '.join(e.would)}."),
    ActionApproved: lambda e: (f"{e.by} let {e.service} go on", e.reason or "No reason was given."),
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
    PromotionStepped: lambda e: (
        f"{e.package.model} gets {e.share:g} % of the requests on {e.endpoint.name}",
        " ".join(f"{finding.detail}." for finding in e.findings) or f"Generation {e.generation}.",
    ),
    PromotionRefused: lambda e: (f"{e.package.model} is not promoted on {e.endpoint.name}", e.reason),
    PromotionAborted: lambda e: (f"{e.package.model} did not go live on {e.endpoint.name}", e.reason),
    RollbackStarted: lambda e: (
        f"{e.package.model} is being taken away from {e.endpoint.name}",
        f"{e.restored.model if e.restored else 'Nothing'} takes its place, for {e.requested_by}: {e.reason}",
    ),
    RollbackCompleted: lambda e: (f"{e.restored.model} is back on {e.endpoint.name}", _proved(e)),
    RollbackFailed: lambda e: (f"The rollback of {e.endpoint.name} needs you", f"{e.reason}."),
    RollbackSuperseded: lambda e: (f"A rollback of {e.endpoint.name} was overtaken", f"{e.reason}."),
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
    BatchCompleted: lambda e: (
        f"A file was scored for {e.endpoint.name}",
        f"batch-in/{e.file.name[:_LONGEST_NAME]}: {e.rows - e.rejected:,} rows scored by {e.package.model}"
        f"{_rejected(e)}, in batch-out/{e.output}.",
    ),
    BatchFailed: lambda e: (
        f"A file was not scored{f' for {e.endpoint.name}' if e.endpoint else ''}",
        f"batch-in/{e.file.name[:_LONGEST_NAME]}: {e.reason}",
    ),
    ActionFailed: lambda e: (f"{e.service} could not {e.effect.replace('_', ' ')}", e.reason),
    ActionStalled: lambda e: (f"{e.service} cannot {e.effect.replace('_', ' ')} yet", e.reason),
    PolicyChanged: lambda e: (
        "The policy was changed",
        f"{e.before or 'none'} → {e.after}, by {e.by or 'nobody named'}.",
    ),
    EventsLost: lambda e: (f"Events were lost on {e.hub}", f"Partition {e.partition}, numbers {e.first} to {e.last}."),
    HubReplaced: lambda e: (
        f"Hub {e.hub} was made again",
        f"Partition {e.partition} is read from its start: the hub created at {e.after} takes the place of that of "
        f"{e.before}.",
    ),
    RowsRefused: lambda e: (
        f"{e.service} does not count some rows of {e.entity.name}",
        f"{e.reason} (hub {e.hub}, partition {e.partition}, number {e.sequence}; further ones are not told today).",
    ),
    StateSetAside: lambda e: (
        f"{e.service} counts {e.entity.name} anew",
        f"What it had counted in partition {e.partition} of hub {e.hub} lies in evidence {e.state[:12]}: {e.reason}.",
    ),
}


def words(event: Event) -> tuple[str, str]:
    """Title and text."""
    return WORDS[type(event)](event)
