"""A window is measured once: when every partition has passed it, or when it has been idle for too long."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.monitoring.limits import MonitoringLimits
from services.monitoring.windows import part_key
from shared.events import (
    ActionFailed,
    DeadlineReached,
    DriftMeasured,
    EndpointRef,
    FeatureDrift,
    JobEnded,
    JobRef,
    PackageRef,
    PerformanceMeasured,
    PerformanceRequested,
    QualityMeasured,
    RowsMissed,
    Window,
    WindowFolded,
    canonical,
)
from shared.packages.performance import PerformanceReport, PerformanceRequestBody
from shared.policies import PolicyDocument
from shared.ports import CommandJob
from shared.reactor import (
    Decision,
    Effect,
    Ended,
    Facts,
    GivenUp,
    JobKnown,
    JobWatch,
    KeepEvidence,
    Known,
    Publish,
    RemindAt,
    State,
    Waits,
    Watching,
    job_name,
    lost_after,
)

# A redelivered or late part of a window that was measured longer ago than this many windows would measure it again.
_REMEMBERED = 200

IDLE, LABELS, JOIN = "idle", "labels", "join"


class Open(BaseModel):
    """A window under way: its parts are being folded, its labels awaited, or its join is watched."""

    model_config = ConfigDict(frozen=True)

    endpoint: EndpointRef
    package: PackageRef
    window: Window
    stage: Literal["folding", "labels", "joining"] = "folding"
    watch: JobWatch | None = None


class Monitoring(State):
    """`measured` are part keys, oldest first; `counted` the rows of each, where the build that measured it says so."""

    windows: dict[str, Open] = {}
    measured: tuple[str, ...] = ()
    counted: dict[str, int] = {}

    @classmethod
    def upcast(cls, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**kept, "windows": {key: _upcast(window) for key, window in kept.get("windows", {}).items()}}


def _upcast(window: Mapping[str, Any]) -> Mapping[str, Any]:
    """There was no `watch`: a window named its job, and since when it was joined."""
    if "watch" in window or window["stage"] != "joining":
        return window
    return {**window, "watch": {"job": window["job"], "give_up_at": lost_after(window["since"])}}


class WindowKnown(Known):
    """The merged window. `complete`: every partition has passed it. Without a reference, `prediction` is None."""

    complete: bool = False
    rows: int = 0
    profile: dict[str, Any] | None = None
    reference_rows: int = 0
    features: tuple[FeatureDrift, ...] = ()
    prediction: FeatureDrift | None = None
    null_rates: dict[str, float] = {}
    out_of_range_rates: dict[str, float] = {}
    unseen_category_rates: dict[str, float] = {}


class DeadlineKnown(Known):
    """One of them, by what the reminder is about."""

    window: WindowKnown | None = None
    join: JobKnown[PerformanceReport] | None = None


def reminder(about: str, key: str) -> str:
    return f"{about}:{key}"


def decide_folded(
    state: Monitoring, facts: Facts[WindowKnown], event: WindowFolded, policy: PolicyDocument
) -> Decision[Monitoring]:
    """A part of a window that was measured without it has the window measured again, as long as all of it is there."""
    key = part_key(event.package, event.window)
    if key in state.measured and facts.known.rows <= (counted := state.counted.get(key, facts.known.rows)):
        missed = _missed(event, counted) if facts.known.rows < counted else ()
        return Decision(state, missed)
    window = Open(endpoint=event.endpoint, package=event.package, window=event.window)
    if facts.known.complete:
        return _measure(state, key, window, facts.known, facts.now, policy)
    if key in state.windows:
        return Decision(state)
    return Decision(_with(state, key, window), [_remind(key, window, facts.now, policy)])


def _missed(event: WindowFolded, counted: int) -> tuple[Effect, ...]:
    """What is left of the window is less than was measured: the parts that were added up then are kept no longer."""
    reason = f"a part of the window of {event.window.start:%Y-%m-%d %H:%M} UTC came after all that was measured of it"
    missed = RowsMissed(endpoint=event.endpoint, rows=event.rows, of=counted + event.rows, reason=reason)
    return (Publish(event=missed),)


def decide_deadline(
    state: Monitoring, facts: Facts[DeadlineKnown], event: DeadlineReached, policy: PolicyDocument
) -> Decision[Monitoring]:
    about, _, key = event.key.partition(":")
    window = state.windows.get(key)
    if window is None:
        return Decision(state)
    if about == IDLE and window.stage == "folding" and facts.known.window:
        return _measure(state, key, window, facts.known.window, facts.now, policy)
    if about == LABELS and window.stage == "labels":
        return _join(state, key, window, facts, policy)
    if about == JOIN and facts.known.join:
        return _joined(state, key, window, facts.known.join, facts.now, policy)
    return Decision(state)


def decide_job(
    state: Monitoring, facts: Facts[JobKnown[PerformanceReport]], event: JobEnded, policy: PolicyDocument
) -> Decision[Monitoring]:
    """Azure ML's word counts, not the event's; the same follows from the reminder alone."""
    for key, window in state.windows.items():
        if window.watch and window.watch.job == event.job:
            return _joined(state, key, window, facts.known, facts.now, policy)
    return Decision(state)


def decide_after_failure(
    state: Monitoring, facts: Facts[Known], event: ActionFailed, policy: PolicyDocument
) -> Decision[Monitoring]:
    """Every window under way is looked at again; without reminders there would be no end to them, so they end here."""
    if event.effect == RemindAt.kind:
        return Decision(state.model_copy(update={"windows": {}}))
    effects: list[Effect] = []
    for key, window in state.windows.items():
        if window.watch:
            limits = policy.job(MonitoringLimits, window.endpoint)
            seen = _watching(key).could_not_look(window.watch, event.reason, limits, facts.now)
            looked = _waits_or_given_up(state, key, window, seen)
            state, effects = looked.state, [*effects, *looked.effects]
        else:
            effects.append(_remind(key, window, facts.now, policy))
    return Decision(state, effects)


def _remind(key: str, window: Open, now: datetime, policy: PolicyDocument) -> RemindAt:
    limits = policy.section(MonitoringLimits, window.endpoint)
    about, after_s = (LABELS, limits.labels_after_s) if window.stage == "labels" else (IDLE, limits.idle_s)
    return RemindAt(about=reminder(about, key), at=now + timedelta(seconds=after_s))


def _watching(key: str) -> Watching:
    return Watching(experiment="performance", about=reminder(JOIN, key))


def _with(state: Monitoring, key: str, window: Open) -> Monitoring:
    return state.model_copy(update={"windows": {**state.windows, key: window}})


def _without(state: Monitoring, key: str) -> Monitoring:
    return state.model_copy(update={"windows": {k: w for k, w in state.windows.items() if k != key}})


def _measure(
    state: Monitoring, key: str, window: Open, known: WindowKnown, now: datetime, policy: PolicyDocument
) -> Decision[Monitoring]:
    """U23: a window with too few rows measures nothing, and says nothing."""
    limits = policy.section(MonitoringLimits, window.endpoint)
    after = _remembered(_without(state, key), key, known.rows)
    enough = known.rows >= limits.min_rows and known.reference_rows >= limits.min_reference_rows
    if not enough or known.prediction is None or known.profile is None:
        return Decision(after)
    keep = KeepEvidence(body=canonical(known.profile))
    effects: list[Effect] = [
        keep,
        Publish(event=_drift(window, known, known.prediction, keep.digest)),
        Publish(event=_quality(window, known)),
    ]
    if not limits.performance:
        return Decision(after, effects)
    labelled = window.model_copy(update={"stage": "labels"})
    effects.append(_remind(key, labelled, now, policy))
    return Decision(_with(after, key, labelled), effects)


def _remembered(state: Monitoring, key: str, rows: int) -> Monitoring:
    measured = (*(each for each in state.measured if each != key), key)[-_REMEMBERED:]
    counted = {each: count for each, count in {**state.counted, key: rows}.items() if each in measured}
    return state.model_copy(update={"measured": measured, "counted": counted})


def _drift(window: Open, known: WindowKnown, prediction: FeatureDrift, profile: str) -> DriftMeasured:
    return DriftMeasured(
        endpoint=window.endpoint, package=window.package, window=window.window, rows=known.rows,
        features=known.features, prediction=prediction, profile=profile,
    )  # fmt: skip


def _quality(window: Open, known: WindowKnown) -> QualityMeasured:
    return QualityMeasured(
        endpoint=window.endpoint, package=window.package, window=window.window, rows=known.rows,
        null_rates=known.null_rates, out_of_range_rates=known.out_of_range_rates,
        unseen_category_rates=known.unseen_category_rates,
    )  # fmt: skip


def _join(
    state: Monitoring, key: str, window: Open, facts: Facts[DeadlineKnown], policy: PolicyDocument
) -> Decision[Monitoring]:
    """The reminder comes first: should the job be refused, it still ends the wait."""
    jobs = policy.job(MonitoringLimits, window.endpoint)
    job = JobRef(workspace=window.endpoint.workspace, name=job_name("monitoring", facts.event_id))
    request = PerformanceRequestBody(endpoint=window.endpoint, package=window.package, window=window.window)
    keep = KeepEvidence(body=request.model_dump_json().encode())
    work = CommandJob(
        command=f"python -m function_app.jobs performance --request {keep.digest}",
        environment=jobs.environment, compute=jobs.compute,
    )  # fmt: skip
    watch, submit, remind = _watching(key).begin(job, work, jobs, facts.now)
    requested = PerformanceRequested(endpoint=window.endpoint, package=window.package, window=window.window, job=job)
    joining = window.model_copy(update={"stage": "joining", "watch": watch})
    return Decision(_with(state, key, joining), [remind, keep, submit, Publish(event=requested)])


def _joined(
    state: Monitoring, key: str, window: Open, known: JobKnown[PerformanceReport], now: datetime,
    policy: PolicyDocument,
) -> Decision[Monitoring]:  # fmt: skip
    if window.watch is None or known.state == "unasked":
        return Decision(state)
    seen = _watching(key).look(window.watch, known, policy.job(MonitoringLimits, window.endpoint), now)
    if not isinstance(seen, Ended):
        return _waits_or_given_up(state, key, window, seen)
    report, enough = seen.report, policy.section(MonitoringLimits, window.endpoint).min_labels
    if report is None or seen.evidence is None or report.rows < enough or not report.metrics:
        return Decision(_without(state, key))
    measured = PerformanceMeasured(
        endpoint=window.endpoint, package=window.package, window=window.window, rows=report.rows,
        metrics=report.metrics, baseline=report.baseline, evidence=seen.evidence,
    )  # fmt: skip
    return Decision(_without(state, key), [Publish(event=measured)])


def _waits_or_given_up(state: Monitoring, key: str, window: Open, seen: Waits | GivenUp) -> Decision[Monitoring]:
    if isinstance(seen, GivenUp):
        return Decision(_without(state, key), [seen.cancel])
    return Decision(_with(state, key, window.model_copy(update={"watch": seen.watch})), [seen.remind])
