"""The folds of monitoring: captured rows become profiles, and rows and labels are kept for later joins."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.monitoring.keeping import Keeping
from services.monitoring.limits import MonitoringLimits
from services.monitoring.straying import look
from services.monitoring.unseen import count_lost, count_unmonitored
from services.monitoring.windows import Part, Stream, complete, fold_block, published
from shared.events import (
    CaptureLost,
    EndpointRef,
    Envelope,
    PackageRef,
    PredictionsCaptured,
    WindowFolded,
    canonical,
    derive_id,
)
from shared.policies import PolicyDocument
from shared.ports import Captures, Clock, Evidence, Refused, ServingManifests
from shared.profiles import Reference
from shared.reactor import FoldResult, Row, State

# A hub keeps messages for a week at most, and a block is sent within seconds.
_RETENTION = timedelta(days=8)


class References:
    """Reference profiles by model package, read once: what serves names them in its manifest."""

    def __init__(self, manifests: ServingManifests, evidence: Evidence) -> None:
        self._manifests, self._evidence = manifests, evidence
        self._known: dict[PackageRef, Reference] = {}

    async def of(self, endpoint: EndpointRef, package: PackageRef) -> Reference | None:
        """None for a package that the manifest no longer names, or names without a profile that can be read."""
        if package not in self._known:
            manifest = await self._manifests.read(endpoint)
            routes = [*manifest.routes, *([manifest.previous] if manifest.previous else [])]
            digest = next((route.profile for route in routes if route.package == package), None)
            if digest is None:
                return None
            try:
                self._known[package] = Reference.from_json(json.loads(await self._evidence.read(digest)))
            except (Refused, ValueError, KeyError, TypeError):
                # As one without a profile: to keep every row as a dead letter would not make it readable.
                return None
        return self._known[package]


async def fold_predictions(
    state: Stream, rows: Sequence[Row], partition: int, captures: Captures, evidence: Evidence,
    references: References, document: PolicyDocument, clock: Clock,
) -> FoldResult[Stream]:  # fmt: skip
    """All rows are of one endpoint."""
    events: list[Envelope[Any]] = []
    keeping = Keeping(captures.keep_predictions, partition)
    for row in rows:
        scored = scored_at(row.envelope.time, clock.now())
        if isinstance(row.envelope.data, CaptureLost):
            counts, told = count_lost(state.unseen, row.envelope, scored)
            state = state.model_copy(update={"unseen": counts})
        else:
            await keeping.add(row.sequence, row.envelope.data)
            limits = document.section(MonitoringLimits, row.envelope.data.endpoint)
            reference = await references.of(row.envelope.data.endpoint, row.envelope.data.package)
            state, told = _folded_in(state, row.envelope, reference, limits, scored)
            state, folded = await _close(state, row.envelope, partition, limits.grace_s, evidence)
            told += folded
        events += told
    await keeping.done()
    return FoldResult(state, events)


def _folded_in(
    state: Stream, row: Envelope[PredictionsCaptured], reference: Reference | None, limits: MonitoringLimits,
    scored: datetime,
) -> tuple[Stream, list[Envelope[Any]]]:  # fmt: skip
    """Rows of a package without a reference are only counted."""
    if reference is not None:
        return look(state, fold_block(state, row.data, reference, limits, scored), row, limits, scored)
    counts, told = count_unmonitored(state.unseen, row, scored, limits)
    return state.model_copy(update={"unseen": counts}), told


def scored_at(said: datetime, now: datetime) -> datetime:
    """When a block was scored, as its instance says, as far as that can be: not ahead of us, and not before the hub."""
    return max(min(said, now), now - _RETENTION)


async def _close(
    stream: Stream, cause: Envelope[PredictionsCaptured], partition: int, grace_s: float, evidence: Evidence
) -> tuple[Stream, list[Envelope[Any]]]:
    """Keep and announce the windows that this block completed; the block is their cause."""
    digests: dict[str, str] = {}
    events: list[Envelope[Any]] = []
    for part in complete(stream, grace_s):
        digest = await evidence.keep(canonical(part.profile))
        events.append(_folded(part, cause, partition, digest, stream if not digests else Stream()))
        digests[part.key] = digest
    return published(stream, digests), events


def _folded(
    part: Part, cause: Envelope[PredictionsCaptured], partition: int, digest: str, counted: Stream
) -> Envelope[WindowFolded]:
    event = WindowFolded(
        endpoint=cause.data.endpoint, package=part.package, window=part.window, partition=partition, rows=part.rows,
        late_rows=counted.late_rows, redated_rows=counted.redated_rows, profile=digest,
    )  # fmt: skip
    identity = derive_id("window", str(event.entity), part.key, str(partition))
    return Envelope(
        id=identity, source="/sluice/monitoring", time=cause.time, data=event, correlation_id=cause.correlation_id,
        causation_id=cause.id,
    )  # fmt: skip


async def fold_labels(state: State, rows: Sequence[Row], partition: int, captures: Captures) -> FoldResult[State]:
    """Labels are not joined here: they are kept, and a job joins them with the rows they belong to."""
    keeping = Keeping(captures.keep_labels, partition)
    for row in rows:
        await keeping.add(row.sequence, row.envelope.data)
    await keeping.done()
    return FoldResult(state)
