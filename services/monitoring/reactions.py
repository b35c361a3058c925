"""Gathers the parts of a window from all partitions, and the reports of joins."""

import json
from collections.abc import Sequence

from services.monitoring import policy
from services.monitoring.folding import References, fold_labels, fold_predictions
from services.monitoring.limits import MonitoringLimits
from services.monitoring.windows import Part, Stream
from shared.events import (
    ActionFailed,
    CaptureLost,
    DeadlineReached,
    DriftMeasured,
    EndpointRef,
    JobEnded,
    LabelsRecorded,
    PackageRef,
    PerformanceMeasured,
    PerformanceRequested,
    PredictionsCaptured,
    QualityMeasured,
    RowsMissed,
    WindowFolded,
)
from shared.packages.performance import PerformanceReport
from shared.policies import PolicyDocument
from shared.ports import Evidence, Folds, Jobs
from shared.profiles import Profile, measure, quality
from shared.reactor import JobKnown, Service, State, ask_after, folded_states, is_asked

service = Service(__package__, lane="measurement", state=policy.Monitoring)


async def gather_window(
    event: WindowFolded, folds: Folds, evidence: Evidence, references: References, document: PolicyDocument
) -> policy.WindowKnown:
    """The part in the event counts although its partition may not have stored it yet."""
    own = Part(package=event.package, window=event.window, rows=event.rows, digest=event.profile)
    return await _window(event.endpoint, own, event.partition, folds, evidence, references, document)


async def gather_deadline(
    event: DeadlineReached, state: policy.Monitoring, folds: Folds, evidence: Evidence, references: References,
    jobs: Jobs, document: PolicyDocument,
) -> policy.DeadlineKnown:  # fmt: skip
    about, _, key = event.key.partition(":")
    window = state.windows.get(key)
    if window is None:
        return policy.DeadlineKnown()
    if about == policy.IDLE:
        whole = Part(package=window.package, window=window.window, rows=0)
        known = await _window(window.endpoint, whole, None, folds, evidence, references, document)
        return policy.DeadlineKnown(window=known)
    if about == policy.JOIN and window.watch:
        return policy.DeadlineKnown(join=await ask_after(window.watch.job, PerformanceReport, jobs, evidence))
    return policy.DeadlineKnown()


async def gather_job(
    event: JobEnded, state: policy.Monitoring, jobs: Jobs, evidence: Evidence
) -> JobKnown[PerformanceReport]:
    watches = [window.watch for window in state.windows.values() if window.watch]
    if not any(is_asked(watch, event) for watch in watches):
        return JobKnown()
    return await ask_after(event.job, PerformanceReport, jobs, evidence)


async def _window(
    endpoint: EndpointRef, own: Part, partition: int | None, folds: Folds, evidence: Evidence,
    references: References, document: PolicyDocument,
) -> policy.WindowKnown:  # fmt: skip
    streams = await folded_states(folds, service.name, "predictions", endpoint.entity, Stream)
    seen = [stream for number, stream in streams.items() if number != partition]
    grace = document.section(MonitoringLimits, endpoint).grace
    parts = [part for stream in seen if stream and (part := stream.parts.get(own.key))]
    if partition is not None:
        parts.append(own)
    # A partition that has not met the endpoint may be behind with rows of this window; `idle_s` bounds the wait for it.
    done = all(stream is not None and stream.is_past(own.window, grace) for stream in seen)
    if partition is not None and not done:
        return policy.WindowKnown(rows=sum(part.rows for part in parts))
    return await _measured(endpoint, own.package, parts, done, evidence, references)


async def _measured(
    endpoint: EndpointRef, package: PackageRef, parts: Sequence[Part], done: bool, evidence: Evidence,
    references: References,
) -> policy.WindowKnown:  # fmt: skip
    rows = sum(part.rows for part in parts)
    reference = await references.of(endpoint, package) if rows else None
    if reference is None:
        return policy.WindowKnown(complete=done, rows=rows)
    profiles = [await _profile(part, evidence) for part in parts]
    whole = sum(profiles, Profile.empty(reference))
    drift, data = measure(whole, reference), quality(whole, reference)
    return policy.WindowKnown(
        complete=done, rows=rows, profile=whole.to_json(), reference_rows=reference.rows,
        features=drift.features, prediction=drift.prediction, null_rates=data.null_rates,
        out_of_range_rates=data.out_of_range_rates, unseen_category_rates=data.unseen_category_rates,
    )  # fmt: skip


async def _profile(part: Part, evidence: Evidence) -> Profile:
    data = part.profile if part.profile is not None else json.loads(await evidence.read(part.digest or ""))
    return Profile.from_json(data)


service.reacts_to(
    WindowFolded, gather=gather_window, decide=policy.decide_folded, emits=[DriftMeasured, QualityMeasured, RowsMissed]
)
service.reacts_to(
    DeadlineReached, gather=gather_deadline, decide=policy.decide_deadline,
    emits=[DriftMeasured, QualityMeasured, PerformanceRequested, PerformanceMeasured],
)  # fmt: skip
service.reacts_to(JobEnded, gather=gather_job, decide=policy.decide_job, emits=[PerformanceMeasured])
service.reacts_to(ActionFailed, decide=policy.decide_after_failure)
service.folds_from("predictions", state=Stream, fold=fold_predictions, types=[PredictionsCaptured, CaptureLost])
service.folds_from("labels", state=State, fold=fold_labels, types=[LabelsRecorded])
