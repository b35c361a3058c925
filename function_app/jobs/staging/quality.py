"""Data quality of the production rows against the candidate's reference (R036), and that reference as a profile."""

from collections.abc import Mapping

from function_app.jobs.rows import LabelledRows
from function_app.jobs.staging.results import at_most
from function_app.jobs.staging.subject import Tables
from shared.events import CheckResult
from shared.packages import PREDICTION, ModelPackage, SuiteLimits
from shared.profiles import Kind, Profile, Reference, quality


def build_reference(package: ModelPackage, tables: Tables) -> Reference:
    """From `reference.parquet`; its prediction column goes by the name of the monitored output, as captures do."""
    signature = package.signature
    kinds: dict[str, Kind] = {
        column.name: "categorical" if column.kind == "categorical" else "numeric"
        for column in signature.columns
        if column.kind in ("categorical", "numeric")
    }
    return Reference.build(
        {name: tables.reference[name] for name in kinds},
        kinds,
        prediction=(signature.prediction, tables.reference[PREDICTION]),
        prediction_kind=signature.watched_kind,
        labels=tables.reference[signature.label],
        package=package.digest,
    )


def check_quality(rows: LabelledRows, reference: Reference, limits: SuiteLimits) -> list[CheckResult]:
    """The worst column of each kind decides. Without rows there is nothing to say."""
    profile = Profile.empty(reference).fold(reference, rows.columns)
    found = quality(profile, reference)
    rises = {name: rate - _own_nulls(reference, name) for name, rate in found.null_rates.items()}
    return [
        _worst("quality.null_rate_rise", rises, limits.null_rate_rise, "more nulls than in training"),
        _worst("quality.out_of_range_rate", found.out_of_range_rates, limits.out_of_range_rate, "out of range"),
        _worst(
            "quality.unseen_category_rate", found.unseen_category_rates, limits.unseen_category_rate, "unseen category"
        ),
    ]


def _own_nulls(reference: Reference, name: str) -> float:
    return reference.columns[name].own.nulls / reference.rows


def _worst(name: str, rates: Mapping[str, float], limit: float, what: str) -> CheckResult:
    if not rates:
        return at_most(name, 0.0, limit, "no such column", "share of rows")
    column = max(rates, key=lambda each: rates[each])
    return at_most(name, rates[column], limit, f"{column}: {rates[column]:.2%} {what}", "share of rows")
