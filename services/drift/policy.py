"""N of M windows beyond a limit confirm drift (F07); one window never does. Confirmed once, it is said once."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.drift.limits import DriftLimits
from shared.events import (
    DriftCleared,
    DriftConfirmed,
    DriftMeasured,
    EndpointRef,
    FeatureDrift,
    PackageRef,
    PerformanceMeasured,
    PromotionCompleted,
    RetrainingRequested,
    Window,
)
from shared.policies import PolicyDocument
from shared.reactor import Decision, Effect, Facts, Known, Publish, State

type Signal = Literal["data", "prediction", "performance"]
# A finding counts among the last windows for so many times their width.
_REACH = 2
_LOWER_IS_BETTER = ("log_loss", "brier")


class Finding(BaseModel):
    """One window by one signal: `score` is its worst distance or its loss, `columns` those beyond the limit."""

    model_config = ConfigDict(frozen=True)

    window: Window
    breach: bool
    score: float
    limit: float
    columns: tuple[str, ...] = ()


class Findings(State):
    """The last windows of the package that serves, by signal, oldest first; `confirmed` signals were announced."""

    package: PackageRef | None = None
    windows: dict[Signal, tuple[Finding, ...]] = {}
    confirmed: tuple[Signal, ...] = ()


def decide_measured(
    state: Findings, facts: Facts[Known], event: DriftMeasured, policy: PolicyDocument
) -> Decision[Findings]:
    """R105, R106: inputs and prediction are two signals, confirmed apart."""
    limits = policy.section(DriftLimits, event.endpoint)
    data = _decide(_for(state, event.package), event, "data", data_finding(event, limits), policy)
    rest = _decide(data.state, event, "prediction", prediction_finding(event, limits), policy)
    return Decision(rest.state, [*data.effects, *rest.effects])


def decide_performance(
    state: Findings, facts: Facts[Known], event: PerformanceMeasured, policy: PolicyDocument
) -> Decision[Findings]:
    """R047: a metric that was not measured (too few labels, one class) finds nothing."""
    finding = performance_finding(event, policy.section(DriftLimits, event.endpoint))
    return _decide(_for(state, event.package), event, "performance", finding, policy) if finding else Decision(state)


def decide_promoted(
    state: Findings, facts: Facts[Known], event: PromotionCompleted, policy: PolicyDocument
) -> Decision[Findings]:
    """What was found about the model before says nothing about this one."""
    return Decision(_for(state, event.package))


def _for(state: Findings, package: PackageRef) -> Findings:
    return state if state.package == package else Findings(package=package)


def data_finding(event: DriftMeasured, limits: DriftLimits) -> Finding:
    watched = [feature for feature in event.features if _is_watched(feature, limits)]
    beyond = tuple(feature.name for feature in watched if feature.psi > limits.feature_psi)
    worst = max((feature.psi for feature in watched), default=0.0)
    breach = len(beyond) >= limits.min_features
    return Finding(window=event.window, breach=breach, score=worst, limit=limits.feature_psi, columns=beyond)


def _is_watched(feature: FeatureDrift, limits: DriftLimits) -> bool:
    """Cells that are missing, or are withheld from captures, say nothing about what a model should learn anew."""
    rise = feature.null_rate - feature.reference_null_rate
    return feature.name not in limits.ignored and rise <= limits.max_null_rise


def prediction_finding(event: DriftMeasured, limits: DriftLimits) -> Finding:
    score = event.prediction.psi
    return Finding(
        window=event.window, breach=score > limits.prediction_psi, score=score, limit=limits.prediction_psi,
        columns=(event.prediction.name,),
    )  # fmt: skip


def performance_finding(event: PerformanceMeasured, limits: DriftLimits) -> Finding | None:
    metric = limits.performance_metric
    if metric not in event.metrics or metric not in event.baseline:
        return None
    change = event.baseline[metric] - event.metrics[metric]
    loss = -change if metric in _LOWER_IS_BETTER else change
    return Finding(
        window=event.window, breach=loss > limits.max_performance_loss, score=loss,
        limit=limits.max_performance_loss, columns=(metric,),
    )  # fmt: skip


def _decide(
    state: Findings, event: DriftMeasured | PerformanceMeasured, signal: Signal, finding: Finding,
    policy: PolicyDocument,
) -> Decision[Findings]:  # fmt: skip
    limits = policy.section(DriftLimits, event.endpoint)
    windows = _with(state.windows.get(signal, ()), finding, limits.of)
    breaches = sum(found.breach for found in windows)
    before = signal in state.confirmed
    # Once confirmed it holds until no window is beyond the limit: at the limit itself, every other one would be.
    now = breaches >= (1 if before else limits.breaches)
    confirmed = tuple(s for s in state.confirmed if s != signal) + ((signal,) if now else ())
    after = state.model_copy(update={"windows": {**state.windows, signal: windows}, "confirmed": confirmed})
    if now and not before:
        return Decision(after, _announce(event, signal, windows, limits, policy))
    if before and not now:
        return Decision(after, [Publish(event=_cleared(event.endpoint, event.package, signal))])
    return Decision(after)


def _with(windows: tuple[Finding, ...], finding: Finding, most: int) -> tuple[Finding, ...]:
    """In order of time whatever the order of arrival; the same window measured again replaces itself.

    Windows in between may have measured nothing, but one of years ago does not confirm what is seen today.
    """
    others = [found for found in windows if found.window != finding.window]
    found = sorted([*others, finding], key=lambda found: found.window.start)[-most:]
    last = found[-1].window
    oldest = last.start - _REACH * most * (last.end - last.start)
    return tuple(each for each in found if each.window.start >= oldest)


def _cleared(endpoint: EndpointRef, package: PackageRef, signal: Signal) -> DriftCleared:
    return DriftCleared(endpoint=endpoint, package=package, signal=signal)


def _announce(
    event: DriftMeasured | PerformanceMeasured, signal: Signal, windows: tuple[Finding, ...], limits: DriftLimits,
    policy: PolicyDocument,
) -> list[Effect]:  # fmt: skip
    breaching = [found for found in windows if found.breach]
    columns = tuple(dict.fromkeys(name for found in breaching for name in found.columns))
    confirmed = DriftConfirmed(
        endpoint=event.endpoint, package=event.package, signal=signal, columns=columns, breaches=len(breaching),
        of=len(windows), windows=tuple(found.window for found in breaching),
        score=max(found.score for found in breaching), limit=breaching[-1].limit,
    )  # fmt: skip
    effects: list[Effect] = [Publish(event=confirmed)]
    if limits.action == "retrain" and signal in limits.retrain_on:
        effects.append(Publish(event=_retraining(event, signal, columns, windows, policy)))
    return effects


def _retraining(
    event: DriftMeasured | PerformanceMeasured, signal: Signal, columns: tuple[str, ...],
    windows: tuple[Finding, ...], policy: PolicyDocument,
) -> RetrainingRequested:  # fmt: skip
    listed = ", ".join(columns[:5]) + (", ..." if len(columns) > 5 else "")
    endpoint = policy.endpoints.get(event.endpoint.name)
    return RetrainingRequested(
        endpoint=event.endpoint, model_name=endpoint.model if endpoint else event.package.model.name,
        reason=f"{signal} drift in {sum(found.breach for found in windows)} of {len(windows)} windows: {listed}",
        data_until=max(found.window.end for found in windows),
    )  # fmt: skip
