"""What was reached must not be lost again: `python -m tests.benchmarks.scoring.guard [--record]`.

Compares the ratios of the last run with those recorded in `expected.json`, and fails naming each row that fell behind.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from tests.benchmarks.scoring.environments import HERE, WORK
from tests.benchmarks.scoring.figures import Row

EXPECTED = HERE / "expected.json"
# Shares of the ratio by which it may be worse: latencies, above all rare ones, move more than throughput does.
_TOLERANCE, _TOLERANCE_AT_MOST = 0.15, 0.35


class Expected(TypedDict):
    """`tolerance` is a share of `ratio`; it may be set by hand, and stays when ratios are recorded anew."""

    figure: str
    against: str
    ratio: float
    tolerance: float


def fallen_behind(table: Sequence[Row], expected: Sequence[Expected]) -> list[str]:
    """One line for each row that is worse than recorded, or that is no longer measured."""
    found = {_key(row): row for row in table}
    lines = [(each, found.get((each["figure"], each["against"]))) for each in expected]
    return [line for each, row in lines if (line := _line(each, row))]


def _line(expected: Expected, row: Row | None) -> str | None:
    ratio = row and row["ratio"]
    name = f"{expected['figure']} ({expected['against']})"
    if row is None or not isinstance(ratio, float | int):
        return f"{name}: not measured; recorded was a ratio of {expected['ratio']}"
    share = expected["tolerance"]
    is_latency = str(row["bar"]).startswith("<=")
    worst = expected["ratio"] * (1 + share if is_latency else 1 - share)
    if ratio <= worst if is_latency else ratio >= worst:
        return None
    return f"{name}: ratio {ratio}, recorded {expected['ratio']}, worst allowed {worst:.3f}"


def recorded(table: Sequence[Row], before: Sequence[Expected]) -> list[Expected]:
    """The ratios of this table, with the tolerances there were."""
    tolerances = {(each["figure"], each["against"]): each["tolerance"] for each in before}
    made: list[Expected] = []
    for row in table:
        key, ratio = _key(row), row["ratio"]
        if isinstance(ratio, float | int):
            usual = _TOLERANCE_AT_MOST if str(row["bar"]).startswith("<=") else _TOLERANCE
            tolerance = tolerances.get(key, usual)
            made.append(Expected(figure=key[0], against=key[1], ratio=float(ratio), tolerance=tolerance))
    return made


def _key(row: Row) -> tuple[str, str]:
    return str(row["figure"]), str(row["against"]).partition(":")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("regression guard", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write this run's ratios to expected.json")
    parser.add_argument("--measured", type=Path, default=WORK / "scoring.json", metavar="FILE")
    parser.add_argument("--expected", type=Path, default=EXPECTED, metavar="FILE")
    options = parser.parse_args(arguments)
    table = json.loads(options.measured.read_text())
    before = json.loads(options.expected.read_text()) if options.expected.exists() else []
    if options.record:
        options.expected.write_text(json.dumps(recorded(table, before), indent=2) + "\n")
        return 0
    if not before:
        print("nothing is recorded to compare with; on a quiet machine: make bench ARGS=--record", file=sys.stderr)
        return 1
    lines = fallen_behind(table, before)
    for line in lines:
        print(f"fell behind: {line}", file=sys.stderr)
    print(f"{len(before) - len(lines)} of {len(before)} recorded ratios hold")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
