"""Distances of a window's columns from the training (R105, R106), largest first."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Shown, Table
from services.approval_pages.values import day, number, package_words, share
from shared.events import DriftMeasured, FeatureDrift

_MOST = 25
_COLUMNS = ("Column", "PSI", "JS distance", "Missing", "Missing in training")


def show(measured: DriftMeasured) -> Shown:
    features = sorted(measured.features, key=lambda feature: feature.psi, reverse=True)
    more = f", the {_MOST} furthest of {len(features)}" if len(features) > _MOST else ""
    facts = Facts((
        ("Model", package_words(measured.package)),
        ("Window", f"{day(measured.window.start)} to {day(measured.window.end)}"),
        ("Rows", f"{measured.rows:,}"),
    ))  # fmt: skip
    tables = (_table(f"Inputs{more}", features[:_MOST]), _table("Prediction", [measured.prediction]))
    return Shown("Drift of a window", (facts, *tables))


def _table(caption: str, features: list[FeatureDrift]) -> Table:
    return Table(caption, _COLUMNS, tuple(map(_row, features)), frozenset(_COLUMNS[1:]))


def _row(feature: FeatureDrift) -> tuple[str, ...]:
    rates = (share(feature.null_rate), share(feature.reference_null_rate))
    return (feature.name, number(feature.psi), number(feature.js), *rates)


renderer = Renderer(DriftMeasured.type, DriftMeasured, show)
