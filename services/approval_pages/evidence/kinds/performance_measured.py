"""Performance on labelled production rows of a window (R047), beside the package's own test."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Shown, Table
from services.approval_pages.values import day, number, package_words, plain
from shared.events import PerformanceMeasured

_COLUMNS = ("Metric", "In production", "By its own test", "Difference")


def show(measured: PerformanceMeasured) -> Shown:
    facts = Facts((
        ("Model", package_words(measured.package)),
        ("Window", f"{day(measured.window.start)} to {day(measured.window.end)}"),
        ("Labelled rows", f"{measured.rows:,}"),
    ))  # fmt: skip
    rows = tuple(_row(name, value, measured.baseline.get(name)) for name, value in sorted(measured.metrics.items()))
    table = Table("Metrics", _COLUMNS, rows, frozenset(_COLUMNS[1:]))
    return Shown("Performance of a window", (facts, table))


def _row(name: str, value: float, own: float | None) -> tuple[str, ...]:
    change = None if own is None else value - own
    return (plain(name), number(value), number(own), number(change))


renderer = Renderer(PerformanceMeasured.type, PerformanceMeasured, show)
