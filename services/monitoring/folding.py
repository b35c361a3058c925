"""The folds of monitoring: captured rows become profiles, and rows and labels are kept for later joins."""

import json
from collections.abc import Sequence
from typing import Any

from services.monitoring.keeping import Keeping
from services.monitoring.limits import MonitoringLimits
from services.monitoring.windows import Part, Stream, Streams, complete, fold_block, published
from shared.events import (
    EndpointRef,
    Envelope,
    LabelsRecorded,
    PackageRef,
    PredictionsCaptured,
    Unreadable,
    WindowFolded,
    canonical,
    decode,
    derive_id,
)
from shared.policies import PolicyDocument
from shared.ports import Captures, Evidence, Message, ServingManifests
from shared.profiles import Reference
from shared.reactor import DeadLetters, FoldResult, State


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
    state: Streams, messages: Sequence[Message], partition: int, captures: Captures, evidence: Evidence,
    references: References, dead_letters: DeadLetters, document: PolicyDocument,
) -> FoldResult[Streams]:  # fmt: skip
    endpoints, events = dict(state.endpoints), []
    keeping = Keeping(captures.keep_predictions, partition)
    for message in messages:
        envelope = await _read(message, dead_letters)
        if envelope is None or not isinstance(envelope.data, PredictionsCaptured):
            continue
        block = envelope.data
        await keeping.add(message.sequence, block)
        limits = document.section(MonitoringLimits, block.endpoint)
        name = str(block.entity)
        stream = fold_block(
            endpoints.get(name, Stream()), block, await references.of(block.endpoint, block.package), limits
        )
        stream, folded = await _close(stream, envelope, partition, limits.grace_s, evidence)
        endpoints[name] = stream
        events.extend(folded)
    await keeping.done()
    return FoldResult(Streams(partition=partition, endpoints=endpoints), events)


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


async def fold_labels(
    state: State, messages: Sequence[Message], partition: int, captures: Captures, dead_letters: DeadLetters
) -> FoldResult[State]:
    """Labels are not joined here: they are kept, and a job joins them with the rows they belong to."""
    keeping = Keeping(captures.keep_labels, partition)
    for message in messages:
        envelope = await _read(message, dead_letters)
        if envelope is not None and isinstance(envelope.data, LabelsRecorded):
            await keeping.add(message.sequence, envelope.data)
    await keeping.done()
    return FoldResult(state)


async def _read(message: Message, dead_letters: DeadLetters) -> Envelope[Any] | None:
    try:
        return decode(message.body)
    except Unreadable as reason:
        await dead_letters.bury("monitoring", message, str(reason))
        return None
