"""What a profile says against its reference: drift of inputs and prediction (R105, R106), and quality of the data.

Both distances grow with small samples; how many rows are enough is the policy's business (see `psi_without_change`).
"""

from dataclasses import dataclass
from typing import cast

from shared.events import FeatureDrift
from shared.profiles.categorical import CategoricalCounts
from shared.profiles.distance import js_distance, psi
from shared.profiles.numeric import NumericCounts, NumericReference
from shared.profiles.profile import Counts, Profile
from shared.profiles.reference import Column, Reference


@dataclass(frozen=True, slots=True)
class Drift:
    """`features` in the reference's order of inputs."""

    rows: int
    features: tuple[FeatureDrift, ...]
    prediction: FeatureDrift


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares of rows, by input column: missing, outside the range of training, of a category training never saw."""

    rows: int
    null_rates: dict[str, float]
    out_of_range_rates: dict[str, float]
    unseen_category_rates: dict[str, float]


def measure(profile: Profile, reference: Reference) -> Drift:
    """Raises `ValueError` for an empty profile or another reference's."""
    _check(profile, reference)
    drifts = {name: _drift(name, reference, profile) for name in reference.columns}
    prediction = drifts.pop(reference.prediction)
    return Drift(profile.rows, tuple(drifts.values()), prediction)


def quality(profile: Profile, reference: Reference) -> Quality:
    """Raises `ValueError` for an empty profile or another reference's."""
    _check(profile, reference)
    inputs = {name: counts for name, counts in profile.columns.items() if name != reference.prediction}
    numeric = {name: counts for name, counts in inputs.items() if isinstance(counts, NumericCounts)}
    return Quality(
        rows=profile.rows,
        null_rates={name: counts.nulls / profile.rows for name, counts in inputs.items()},
        out_of_range_rates={name: counts.outside / profile.rows for name, counts in numeric.items()},
        unseen_category_rates={
            name: counts.unseen / profile.rows
            for name, counts in inputs.items()
            if not isinstance(counts, NumericCounts)
        },
    )


def _drift(name: str, reference: Reference, profile: Profile) -> FeatureDrift:
    column, counts = reference.columns[name], profile.columns[name]
    expected, actual = column.expected(), _buckets(column, counts)
    return FeatureDrift(
        name=name,
        psi=psi(expected, actual),
        js=js_distance(expected, actual),
        null_rate=counts.nulls / profile.rows,
        reference_null_rate=column.own.nulls / max(reference.rows, 1),
    )


def _buckets(column: Column, counts: Counts) -> list[int]:
    """Both are of the same kind, since the profile was counted over this reference."""
    if isinstance(column, NumericReference):
        return column.buckets(cast(NumericCounts, counts))
    return column.buckets(cast(CategoricalCounts, counts))


def _check(profile: Profile, reference: Reference) -> None:
    if profile.reference != reference.digest:
        raise ValueError(f"reference: the profile is over {profile.reference[:12]}, not {reference.digest[:12]}")
    if not profile.rows:
        raise ValueError("rows: an empty profile has no distribution")
