"""Data quality of the production rows against the candidate's reference (R036), and that reference as a profile."""

from collections.abc import Mapping

from function_app.jobs.rows import LabelledRows
from function_app.jobs.staging.results import at_most
from function_app.jobs.staging.subject import Tables, labels_of
from shared.events import CheckResult
from shared.packages import PREDICTION, ModelPackage, Signature, SuiteLimits
from shared.profiles import Kind, Profile, Reference, quality


def build_reference(package: ModelPackage, tables: Tables) -> Reference:
    """From `reference.parquet`; its prediction column goes by the name of the monitored output, as captures do.

    Columns that are no single values (images, tokens, embeddings) are not measured.
    """
    signature = package.signature
    kinds: dict[str, Kind] = {
        column.name: "categorical" if column.kind == "categorical" else "numeric"
        for each in signature.inputs
        for column in each.columns
        if column.kind in ("categorical", "numeric") and (each.features or each.shape[1:] in ((), (1,)))
    }
    return Reference.build(
        {name: tables.reference[name] for name in kinds},
        kinds,
        prediction=(signature.prediction, tables.reference[PREDICTION]),
        prediction_kind=signature.watched_kind,
        labels=_label_rate(signature, tables),
        package=package.digest,
    )


def _label_rate(signature: Signature, tables: Tables) -> list[float] | None:
    """0 or 1 of each row, of a binary question; of no other."""
    truth = [signature.task_kind.truth(cell, signature.about()) for cell in labels_of(signature, tables.reference)]
    return (
        [float(each) for each in truth]
        if all(each in (0, 1) and not isinstance(each, tuple) for each in truth)
        else None
    )


def check_quality(rows: LabelledRows, reference: Reference, limits: SuiteLimits) -> list[CheckResult]:
    """The worst column of each kind decides; a kind that no measurable column has is not checked."""
    profile = Profile.empty(reference).fold(reference, rows.columns)
    found = quality(profile, reference)
    rises = {name: rate - _own_nulls(reference, name) for name, rate in found.null_rates.items()}
    kinds = (
        ("quality.null_rate_rise", rises, limits.null_rate_rise, "more nulls than in training"),
        ("quality.out_of_range_rate", found.out_of_range_rates, limits.out_of_range_rate, "out of range"),
        ("quality.unseen_category_rate", found.unseen_category_rates, limits.unseen_category_rate, "unseen category"),
    )
    return [_worst(name, rates, limit, what) for name, rates, limit, what in kinds if rates]


def _own_nulls(reference: Reference, name: str) -> float:
    return reference.columns[name].own.nulls / reference.rows


def _worst(name: str, rates: Mapping[str, float], limit: float, what: str) -> CheckResult:
    column = max(rates, key=lambda each: rates[each])
    return at_most(name, rates[column], limit, f"{column}: {rates[column]:.2%} {what}", "share of rows")
