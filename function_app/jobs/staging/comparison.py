"""Candidate against champion on labelled production rows that neither has seen (R034)."""

from function_app.jobs.metrics import classifier_metrics, log_losses, mean_and_margin, roc_auc_difference
from function_app.jobs.rows import LabelledRows
from function_app.jobs.staging.results import at_least, inconclusive, not_worse
from function_app.jobs.staging.subject import Floats, Subject
from shared.events import CheckResult
from shared.packages import ModelPackage, SuiteLimits


def check_own_metrics(package: ModelPackage, limits: SuiteLimits) -> CheckResult:
    """The package's own test figure, before anything of ours is measured."""
    name = "metrics.roc_auc"
    if "roc_auc" not in package.metrics:
        return inconclusive(name, "metrics.json names no roc_auc")
    measured = package.metrics["roc_auc"]
    return at_least(name, measured, limits.least_roc_auc, f"roc_auc {measured:.4f} by its own test")


def check_rows(rows: LabelledRows, earlier: int, limits: SuiteLimits) -> CheckResult:
    """Are there enough rows later than both packages' training? `earlier` counts the days that one of them may know."""
    name = "comparison.rows"
    if len(rows) >= limits.least_rows:
        span = f"{rows.observed_at[0]:%Y-%m-%d} to {rows.observed_at[-1]:%Y-%m-%d}"
        return at_least(name, len(rows), limits.least_rows, f"{len(rows)} labelled production rows, {span}", "rows")
    detail = f"{len(rows)} labelled production rows later than the training"
    if earlier:
        detail += f"; what was captured on {earlier} earlier days overlaps with it"
    return at_least(name, len(rows), limits.least_rows, detail, "rows", otherwise="inconclusive")


def against_champion(subject: Subject, champion: Floats, limits: SuiteLimits) -> list[CheckResult]:
    """Failed when it is surely worse than allowed, passed when it surely is not, else inconclusive (95 %)."""
    labels, candidate = subject.rows.binary, subject.on_rows
    ours, theirs = log_losses(labels, candidate), log_losses(labels, champion)
    worse, margin = mean_and_margin(ours - theirs)
    detail = f"log loss {ours.mean():.4f}, champion {theirs.mean():.4f}, difference {worse:+.4f} ± {margin:.4f}"
    checks = [not_worse("comparison.log_loss", worse, margin, limits.worse_log_loss, detail, "nats")]
    return [*checks, _auc_against_champion(subject, champion, limits)]


def _auc_against_champion(subject: Subject, champion: Floats, limits: SuiteLimits) -> CheckResult:
    name, labels = "comparison.roc_auc", subject.rows.binary
    if min(labels.sum(), len(labels) - labels.sum()) < 2:
        return inconclusive(name, "fewer than two rows of one class")
    better, margin = roc_auc_difference(labels, subject.on_rows, champion)
    ours, theirs = (classifier_metrics(labels, each, 0.5)["roc_auc"] for each in (subject.on_rows, champion))
    detail = f"roc_auc {ours:.4f}, champion {theirs:.4f}, difference {better:+.4f} ± {margin:.4f}"
    return not_worse(name, -better, margin, limits.worse_roc_auc, detail)


def against_itself(subject: Subject, limits: SuiteLimits) -> list[CheckResult]:
    """Without a champion: production must not be far below the package's own test figure."""
    name = "comparison.own_roc_auc"
    figures = classifier_metrics(subject.rows.binary, subject.on_rows, 0.5)
    if "roc_auc" not in figures or "roc_auc" not in subject.package.metrics:
        return [inconclusive(name, "one class only, or no roc_auc in metrics.json")]
    least = subject.package.metrics["roc_auc"] - limits.below_own_roc_auc
    detail = f"roc_auc {figures['roc_auc']:.4f} in production, {subject.package.metrics['roc_auc']:.4f} by its own test"
    return [at_least(name, figures["roc_auc"], least, detail)]
