"""From measurements to the table of figures: one row for each comparison; what was not measured is not met."""

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
    Bar("capture on against off", "json1_c32_rps", "sluice_no_capture", 0.85),
)
LIMITS = (
    ("cold start to first answer; memory", "cold_s", 0.8),
    ("cold start to first answer; memory", "memory_mb", 90.0),
)


def rows(found: Figures) -> list[dict[str, object]]:
    return [*(_compared(bar, found) for bar in BARS), *(_limited(*limit, found) for limit in LIMITS)]


def _value(found: Figures, server: str, measure: str) -> float | None:
    values = found.get(server, {}).get(measure)
    return median(values) if values else None


def _compared(bar: Bar, found: Figures) -> dict[str, object]:
    ours, theirs = _value(found, "sluice", bar.own_measure or bar.measure), _value(found, bar.against, bar.measure)
    ratio = ours / theirs if ours is not None and theirs else None
    holds: Callable[[float], bool] = (lambda r: r <= bar.bar) if bar.at_most else (lambda r: r >= bar.bar)
    sign = "<=" if bar.at_most else ">="
    return {
        "figure": bar.figure,
        "ours": ours and round(ours, 1),
        "against": f"{bar.against} {bar.measure}: {theirs and round(theirs, 1)}",
        "ratio": ratio and round(ratio, 3),
        "bar": f"{sign} {bar.bar}",
        "met": ratio is not None and holds(ratio),
    }


def _limited(figure: str, measure: str, limit: float, found: Figures) -> dict[str, object]:
    ours, theirs = _value(found, "sluice", measure), _value(found, "floor_score", measure)
    return {
        "figure": figure,
        "ours": ours and round(ours, 2),
        "against": f"floor_score {measure}: {theirs and round(theirs, 2)}",
        "ratio": ours and theirs and round(ours / theirs, 3),
        "bar": f"<= {limit} {measure}",
        "met": ours is not None and ours <= limit,
    }
