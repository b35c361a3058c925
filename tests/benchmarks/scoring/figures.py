"""From measurements to the table of figures: one row for each comparison; what was not measured is not met.

A ratio is the median of the ratios within each round, for a machine that others share changes from round to round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

# server -> measure -> one value for each round
type Figures = dict[str, dict[str, list[float]]]
type Row = dict[str, object]

_UNITS = {"rps": "req/s", "p50": "us", "p99": "us", "us": "us", "s": "s", "mb": "MB", "failed": "failed"}


@dataclass(frozen=True)
class Bar:
    """`measure` of `own` beside `beside` of `against`: at least `bar` times it, or at most when `at_most`.

    Without `against`, `bar` is what the measure itself may be at most, and `beside` what the row shows next to it.
    `what` tells rows of the same figure apart, where the server does not.
    """

    figure: str
    measure: str
    against: str
    bar: float
    at_most: bool = False
    own: str = "sluice"
    beside: str = ""
    what: str = ""

    @property
    def label(self) -> str:
        """Unique within the figure."""
        return ", ".join(part for part in (self.against, self.what) if part)


@dataclass(frozen=True)
class Limit(Bar):
    """`measure` itself is at most `bar`; `against` is shown beside it."""


ROW1 = "1 row JSON, 32 connections, req/s"
LATENCY = "1 row JSON, 1 connection, p50"
ROW100 = "100 rows JSON, 1 connection"
BINARY = "binary tensors, 100 rows and an image"
COLD = "cold start to first answer; memory"
FUNCTIONS = "Functions app through the worker library (local host)"
SWAP = "hot swap under full load"
CAPTURE = "capture on against off"
CAPTURED = "p99 with capture on"
# The first column of the table verbatim, in its order.
BARS: Sequence[Bar] = (
    Bar(ROW1, "json1_c32_rps", "floor_score", 0.9),
    Bar(ROW1, "json1_c32_rps", "floor_batch", 0.7, what="stretch"),
    Bar(ROW1, "json1_c32_rps", "fastapi", 6),
    Bar(ROW1, "json1_c32_rps", "azureml", 20),
    Bar(LATENCY, "json1_c1_p50", "floor_score", 1.25, at_most=True),
    Bar(LATENCY, "json1_c1_p50", "fastapi", 0.55, at_most=True),
    Bar("p99 at 32 connections", "json1_c32_p99", "floor_score", 2, at_most=True),
    Bar(ROW100, "json100_c1_rps", "floor_score", 1.0),
    Bar(ROW100, "json100_c1_rps", "fastapi", 4),
    Bar(BINARY, "bin100_c8_rps", "floor_score", 0.8, what="100 rows"),
    Bar(BINARY, "image_bin_c8_rps", "floor_score", 0.8, what="an image"),
    Bar(BINARY, "image_bin_c8_rps", "sluice_json", 5, what="an image"),
    Limit(COLD, "cold_s", "floor_score", 0.8, at_most=True, what="cold start"),
    Limit(COLD, "memory_mb", "floor_score", 90, at_most=True, what="memory"),
    Limit(FUNCTIONS, "own_us", "invocation", 20, at_most=True, own="functions", beside="invocation_us"),
    Bar(FUNCTIONS, "functions_c32_rps", "functions_fastapi", 1.8, own="functions"),
    Limit(SWAP, "swap_failed", "sluice", 0, at_most=True, what="failed requests", beside="normal_failed"),
    Bar(SWAP, "swap_p99", "sluice", 3, at_most=True, what="p99", beside="normal_p99"),
    Bar(CAPTURE, "json1_c32_rps", "sluice_no_capture", 0.95, own="sluice_capture_10", what="10 % sampling"),
    Bar(CAPTURE, "json1_c32_rps", "sluice_no_capture", 0.85, what="100 %"),
    Bar(CAPTURED, "json1_c1_p99", "floor_score", 3, at_most=True, what="1 connection"),
    Bar(CAPTURED, "json1_c32_p99", "sluice_no_capture", 1.25, at_most=True, what="32 connections"),
)


def rows(found: Figures) -> list[Row]:
    """One for each bar, in the order of the issue's table."""
    return [_row(bar, found) for bar in BARS]


def _row(bar: Bar, found: Figures) -> Row:
    ours = _median(found, bar.own, bar.measure)
    theirs = _median(found, bar.against, bar.beside or bar.measure)
    ratios = ratios_of(bar, found)
    ratio = median(ratios) if ratios else None
    judged = ours if isinstance(bar, Limit) else ratio
    unit = f" {_unit(bar.measure)}" if isinstance(bar, Limit) else f" x {bar.against}"
    return {
        "figure": bar.figure,
        "ours": None if ours is None else f"{bar.own}: {_text(ours, bar.measure)}",
        "against": f"{bar.label}: {'not measured' if theirs is None else _text(theirs, bar.measure)}",
        "ratio": None if ratio is None else round(ratio, 3),
        "bar": f"{'<=' if bar.at_most else '>='} {bar.bar}{unit}",
        "met": judged is not None and (judged <= bar.bar if bar.at_most else judged >= bar.bar),
    }


def ratios_of(bar: Bar, found: Figures) -> list[float]:
    """One for each round."""
    ours = found.get(bar.own, {}).get(bar.measure, [])
    theirs = found.get(bar.against, {}).get(bar.beside or bar.measure, [])
    return [one / other for one, other in zip(ours, theirs, strict=False) if other and isfinite(other)]


def spread_of(bar: Bar, found: Figures) -> str:
    """Of the ratios over the rounds."""
    ratios = ratios_of(bar, found)
    return f"{min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} rounds" if ratios else "not measured"


def _median(found: Figures, server: str, measure: str) -> float | None:
    """But failures are all counted: not one is allowed."""
    values = found.get(server, {}).get(measure)
    if not values:
        return None
    return sum(values) if measure.endswith("_failed") else median(values)


def _unit(measure: str) -> str:
    return _UNITS[measure.rpartition("_")[2]]


def _text(value: float, measure: str) -> str:
    return f"{value:,.0f} {_unit(measure)}" if value >= 100 else f"{value:.3g} {_unit(measure)}"
