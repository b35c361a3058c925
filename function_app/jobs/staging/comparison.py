"""Candidate against champion on labelled production rows that neither has seen, by the task's own figures (R034)."""

from function_app.jobs.rows import LabelledRows
from function_app.jobs.staging.results import at_least, at_most, inconclusive, not_worse
from function_app.jobs.staging.subject import Part, Subject, answers
from shared.events import CheckResult
from shared.packages import ModelPackage, Signature, SuiteLimits
from shared.tasks import Metric
from shared.tasks.measuring import Measured, difference, figures


def check_own_metrics(package: ModelPackage, limits: SuiteLimits) -> list[CheckResult]:
    """The package's own test figures, before anything of ours is measured: the first of its task, and all limited."""
    metrics = package.signature.task_kind.metrics
    wanted = [each for at, each in enumerate(metrics) if at == 0 or limits.own_figure(each.name) is not None]
    return [_own_figure(each, package, limits) for each in wanted]


def _own_figure(metric: Metric, package: ModelPackage, limits: SuiteLimits) -> CheckResult:
    name = f"metrics.{metric.name}"
    if metric.name not in package.metrics:
        there = ", ".join(sorted(package.metrics)) or "nothing"
        return inconclusive(name, f"metrics.json: {metric.name} is expected, found {there}; add your test's figure")
    measured, limit = package.metrics[metric.name], limits.own_figure(metric.name)
    detail = f"{metric.name} {measured:.4g} by its own test"
    if limit is None:
        return CheckResult(name=name, verdict="passed", measured=measured, detail=f"{detail}; the policy sets no limit")
    bounded = at_least if metric.better == "higher" else at_most
    return bounded(name, measured, limit, detail)


def check_rows(rows: LabelledRows, earlier: int, limits: SuiteLimits) -> CheckResult:
    """Are there enough rows later than both packages' training? `earlier` counts the days that one of them may know."""
    name = "comparison.rows"
    if len(rows) >= limits.least_rows:
        span = f"{rows.observed_at[0]:%Y-%m-%d} to {rows.observed_at[-1]:%Y-%m-%d}"
        return at_least(name, len(rows), limits.least_rows, f"{len(rows)} labelled production rows, {span}", "rows")
    detail = f"{len(rows)} labelled production rows later than the training"
    if earlier:
        detail += f"; what was captured on {earlier} earlier days overlaps with it"
    wrong = f"{detail}, at least {limits.least_rows} expected: wait for labels, or decide without a comparison"
    return at_least(name, len(rows), limits.least_rows, detail, "rows", otherwise="inconclusive", wrong=wrong)


def measured_on(signature: Signature, part: Part, limits: SuiteLimits) -> Measured:
    return signature.task_kind.measure(answers(signature, part, signature.about(limits.decision_threshold)))


def against_champion(
    subject: Subject, champion: ModelPackage, answered: Part, limits: SuiteLimits
) -> list[CheckResult]:
    """Failed when it is surely worse than allowed, passed when it surely is not, else inconclusive (95 %)."""
    signature = subject.package.signature
    if champion.signature.task != signature.task:
        said = f"the champion is a model for {champion.signature.task}, the candidate for {signature.task}"
        return [inconclusive("comparison.champion", f"{said}: their figures cannot be compared")]
    ours, theirs = (
        measured_on(signature, subject.production, limits),
        measured_on(champion.signature, answered, limits),
    )
    found = [_compared(metric, ours, theirs, limits) for metric in signature.task_kind.metrics]
    return [check for check in found if check is not None]


def _compared(metric: Metric, ours: Measured, theirs: Measured, limits: SuiteLimits) -> CheckResult | None:
    """None for a figure that neither has, such as the log loss of models that give no probabilities."""
    name, apart = f"comparison.{metric.name}", difference(metric, ours, theirs)
    if apart is None:
        if metric.name not in {**ours.per_row, **ours.whole}:
            return None
        return inconclusive(name, f"{metric.name} is not defined on these rows, or not for the champion's answers")
    limit = limits.worse(metric.name, metric.scale)
    unit, scale = ("nats", 1.0) if metric.scale == "nats" else ("", 1.0)
    if metric.scale == "error":
        unit, scale = "share of the champion's", abs(apart.theirs) or 1.0
    words = metric.name.replace("_", " ") if metric.scale == "nats" else metric.name
    detail = (
        f"{words} {apart.ours:.4g}, champion {apart.theirs:.4g}, difference {apart.ours - apart.theirs:+.4g} "
        f"± {apart.margin:.4g}"
    )
    return not_worse(name, apart.worse / scale, apart.margin / scale, limit, detail, unit)


def against_itself(subject: Subject, limits: SuiteLimits) -> list[CheckResult]:
    """Without a champion: production must not be far from the package's own test figure."""
    metric = subject.package.signature.task_kind.metrics[0]
    name, own = f"comparison.own_{metric.name}", subject.package.metrics.get(metric.name)
    found = figures(measured_on(subject.package.signature, subject.production, limits)).get(metric.name)
    if found is None or own is None:
        return [inconclusive(name, f"{metric.name} is not defined on these rows, or not in metrics.json")]
    detail = f"{metric.name} {found:.4g} in production, {own:.4g} by its own test"
    apart = limits.from_own(metric.name, metric.scale, own)
    if metric.better == "higher":
        return [at_least(name, found, own - apart, detail)]
    return [at_most(name, found, own + apart, detail)]
