"""Figures with their bars, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours`, beside `against` where there is something to compare with: `bar` then holds for the ratio."""

    figure: str
    ours: float
    bar: float
    at: Literal["most", "least"] = "most"
    against: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.against if self.against else None

    @property
    def met(self) -> bool:
        value = self.ours if self.ratio is None else self.ratio
        return value <= self.bar if self.at == "most" else value >= self.bar

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def write(figures: Sequence[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n", encoding="utf-8")


def show(figures: Sequence[Figure]) -> None:
    table = Table("figure", "ours", "against", "ratio", "bar", "met")
    for each in figures:
        sign = "≤" if each.at == "most" else "≥"
        table.add_row(
            each.figure, _short(each.ours), _short(each.against), _short(each.ratio), f"{sign} {each.bar:g}",
            "yes" if each.met else "NO",
        )  # fmt: skip
    Console(width=150).print(table)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"
