"""The folds of monitoring: captured rows become profiles, and rows and labels are kept for later joins."""

import json
from collections.abc import Sequence
from typing import Any

from services.monitoring.keeping import Keeping
from services.monitoring.windows import Part, Stream, complete, fold_block, published
from shared.events import (
    EndpointRef,
    Envelope,
    PackageRef,
    PredictionsCaptured,
    WindowFolded,
    canonical,
    derive_id,
)
from shared.policies import PolicyDocument
from shared.ports import Captures, Evidence, ServingManifests
from shared.profiles import Reference
from shared.reactor import FoldResult, Row, State


class References:
    """Reference profiles by model package, read once: what serves names them in its manifest."""

    def __init__(self, manifests: ServingManifests, evidence: Evidence) -> None:
        self._manifests, self._evidence = manifests, evidence
        self._known: dict[PackageRef, Reference] = {}

    async def of(self, endpoint: EndpointRef, package: PackageRef) -> Reference | None:
        """None for a package that the manifest no longer names, or names without a profile."""
        if package not in self._known:
            manifest = await self._manifests.read(endpoint)
            routes = [*manifest.routes, *([manifest.previous] if manifest.previous else [])]
            digest = next((route.profile for route in routes if route.package == package), None)
            if digest is None:
                return None
            self._known[package] = Reference.from_json(json.loads(await self._evidence.read(digest)))
        return self._known[package]


async def fold_predictions(
    state: Stream, rows: Sequence[Row], partition: int, captures: Captures, evidence: Evidence,
    references: References, document: PolicyDocument,
) -> FoldResult[Stream]:  # fmt: skip
    """All rows are of one endpoint."""
    events: list[Envelope[Any]] = []
    keeping = Keeping(captures.keep_predictions, partition)
    for row in rows:
        block: PredictionsCaptured = row.envelope.data
        await keeping.add(row.sequence, block)
        limits = document.limits(block.endpoint.name).monitoring
        state = fold_block(state, block, await references.of(block.endpoint, block.package), limits)
        state, folded = await _close(state, row.envelope, partition, limits.grace_s, evidence)
        events.extend(folded)
    await keeping.done()
    return FoldResult(state, events)


async def _close(
    stream: Stream, cause: Envelope[PredictionsCaptured], partition: int, grace_s: float, evidence: Evidence
) -> tuple[Stream, list[Envelope[Any]]]:
    """Keep and announce the windows that this block completed; the block is their cause."""
    digests: dict[str, str] = {}
    events: list[Envelope[Any]] = []
    for part in complete(stream, grace_s):
        digest = await evidence.keep(canonical(part.profile))
        events.append(_folded(part, cause, partition, digest, stream.late_rows if not digests else 0))
        digests[part.key] = digest
    return published(stream, digests), events


def _folded(
    part: Part, cause: Envelope[PredictionsCaptured], partition: int, digest: str, late_rows: int
) -> Envelope[WindowFolded]:
    event = WindowFolded(
        endpoint=cause.data.endpoint, package=part.package, window=part.window, partition=partition, rows=part.rows,
        late_rows=late_rows, profile=digest,
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
