"""Drift that persisted (F07): its worst window against the limit."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Measure, Measures, Shown
from services.approval_pages.values import day, package_words
from shared.events import DriftConfirmed

_UNITS = {"data": "PSI", "prediction": "PSI", "performance": "loss against its own test"}


def show(drift: DriftConfirmed) -> Shown:
    facts = Facts((
        ("Model", package_words(drift.package)),
        ("Windows beyond the limit", f"{drift.breaches} of {drift.of}"),
        ("They begin on", ", ".join(day(window.start) for window in drift.windows)),
        ("Columns", ", ".join(drift.columns)),
    ))  # fmt: skip
    worst = Measure(
        name="worst window",
        outcome="failed" if drift.score > drift.limit else "passed",
        value=drift.score,
        unit=_UNITS[drift.signal],
        limit=drift.limit,
        bound="at most",
    )
    return Shown(f"{drift.signal.capitalize()} drift", (facts, Measures("Against its limit", (worst,))))


renderer = Renderer(DriftConfirmed.type, DriftConfirmed, show)
