"""From measurements to the table of figures: one row for each comparison; what was not measured is not met.

A ratio is the median of the ratios within each round, for a machine that others share changes from round to round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

# server -> measure -> one value for each round
type Figures = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Bar:
    """`measure` of ours beside that of `against`; at least `bar` times it, or at most when `at_most`."""

    figure: str
    measure: str
    against: str
    bar: float
    at_most: bool = False
    own_measure: str = ""
    own: str = "sluice"


FUNCTIONS = "Functions app through the worker library (local host)"
BARS = (
    Bar("1 row JSON, 32 connections, req/s", "json1_c32_rps", "floor_score", 0.9),
    Bar("1 row JSON, 32 connections, req/s", "json1_c32_rps", "floor_batch", 0.7),
    Bar("1 row JSON, 32 connections, req/s", "json1_c32_rps", "fastapi", 6),
    Bar("1 row JSON, 32 connections, req/s", "json1_c32_rps", "azureml", 20),
    Bar("1 row JSON, 1 connection, p50", "json1_c1_p50", "floor_score", 1.25, at_most=True),
    Bar("1 row JSON, 1 connection, p50", "json1_c1_p50", "fastapi", 0.55, at_most=True),
    Bar("p99 at 32 connections", "json1_c32_p99", "floor_score", 2, at_most=True),
    Bar("100 rows JSON, 1 connection", "json100_c1_rps", "floor_score", 1.0),
    Bar("100 rows JSON, 1 connection", "json100_c1_rps", "fastapi", 4),
    Bar("binary tensors, 100 rows and an image", "bin100_c8_rps", "floor_score", 0.8),
    Bar("binary tensors, 100 rows and an image", "image_bin_c8_rps", "floor_score", 0.8),
    Bar("binary tensors, 100 rows and an image", "image_json_c8_rps", "sluice", 5, own_measure="image_bin_c8_rps"),
    Bar("capture on against off", "json1_c32_rps", "sluice_no_capture", 0.95, own="sluice_capture_10"),
    Bar("capture on against off", "json1_c32_rps", "sluice_no_capture", 0.85),
    Bar(FUNCTIONS, "functions_c32_rps", "fastapi_asgi_bridge", 1.8),
    Bar("hot swap under full load", "normal_p99", "sluice", 3, at_most=True, own_measure="swap_p99"),
)
LIMITS = (
    ("cold start to first answer; memory", "cold_s", 0.8),
    ("cold start to first answer; memory", "memory_mb", 90.0),
    (FUNCTIONS, "functions_own_us", 20.0),
    ("hot swap under full load", "swap_failed", 0.0),
)


def rows(found: Figures) -> list[dict[str, object]]:
    order = list(dict.fromkeys(bar.figure for bar in BARS))
    made = [*(_compared(bar, found) for bar in BARS), *(_limited(*limit, found) for limit in LIMITS)]
    return sorted(made, key=lambda row: order.index(str(row["figure"])) if row["figure"] in order else len(order))


def _value(found: Figures, server: str, measure: str) -> float | None:
    values = found.get(server, {}).get(measure)
    return median(values) if values else None


def _compared(bar: Bar, found: Figures) -> dict[str, object]:
    own_measure = bar.own_measure or bar.measure
    ours, theirs = _value(found, bar.own, own_measure), _value(found, bar.against, bar.measure)
    ratios = ratios_of(bar, found)
    ratio = median(ratios) if ratios else None
    holds: Callable[[float], bool] = (lambda r: r <= bar.bar) if bar.at_most else (lambda r: r >= bar.bar)
    sign = "<=" if bar.at_most else ">="
    return {
        "figure": bar.figure,
        "ours": ours and f"{bar.own} {own_measure}: {round(ours, 1)}",
        "against": f"{bar.against} {bar.measure}: {theirs and round(theirs, 1)}",
        "ratio": ratio and round(ratio, 3),
        "bar": f"{sign} {bar.bar}",
        "met": ratio is not None and holds(ratio),
    }


def ratios_of(bar: Bar, found: Figures) -> list[float]:
    """One for each round."""
    ours = found.get(bar.own, {}).get(bar.own_measure or bar.measure, [])
    theirs = found.get(bar.against, {}).get(bar.measure, [])
    return [one / other for one, other in zip(ours, theirs, strict=False) if other]


def _limited(figure: str, measure: str, limit: float, found: Figures) -> dict[str, object]:
    ours, theirs = _value(found, "sluice", measure), _value(found, "floor_score", measure)
    return {
        "figure": figure,
        "ours": None if ours is None else f"sluice {measure}: {round(ours, 2)}",
        "against": f"floor_score {measure}: {theirs and round(theirs, 2)}",
        "ratio": ours and theirs and round(ours / theirs, 3),
        "bar": f"<= {limit} {measure}",
        "met": ours is not None and ours <= limit,
    }
