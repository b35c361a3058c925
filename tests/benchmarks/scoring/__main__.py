"""Ratios beside the floor and the peers, in one run: `python -m tests.benchmarks.scoring`.

One core for the server, another for the load; servers are asked in turns, in short rounds, so that a machine that slows
down slows down all of them; medians over rounds of the ratios within each. Validation, metrics and capture are on.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from statistics import median

from tests.benchmarks.scoring.cells import CELLS, DOOR_CELLS
from tests.benchmarks.scoring.environments import REPOSITORY, WORK, models
from tests.benchmarks.scoring.figures import BARS, Figures, rows, spread_of
from tests.benchmarks.scoring.load import WrkMissing, provide_wrk
from tests.benchmarks.scoring.rounds import measure
from tests.benchmarks.scoring.servers import SERVER_CORE
from tests.benchmarks.scoring.starting import cold_starts
from tests.benchmarks.scoring.swap import swap_under_load
from tests.benchmarks.scoring.system import system

# What is not a cell: figures that are measured in their own ways.
OTHERS = ("starts", "swap", "functions_share")


def main() -> int:
    parser = argparse.ArgumentParser("scoring benchmark", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1, help="for each server in each round (default: 1)")
    more = ",".join(DOOR_CELLS)
    parser.add_argument("--only", default=",".join((*OTHERS, *CELLS)), help=f"some of: %(default)s,{more}")
    options = parser.parse_args()
    try:
        provide_wrk()
    except WrkMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    only = options.only.split(",")
    found = _measured(only, options.rounds, options.seconds)
    _print_medians(found)
    is_whole = {*OTHERS, *CELLS} <= {*only}
    _print_bars(found, is_whole)
    if is_whole:  # the table of a whole run is not replaced by that of a part
        WORK.mkdir(parents=True, exist_ok=True)
        (WORK / "scoring.json").write_text(json.dumps(rows(found), indent=2) + "\n")
    return 0


def _measured(only: list[str], rounds: int, seconds: int) -> Figures:
    found: Figures = defaultdict(lambda: defaultdict(list))
    with system(models(), ["tabular", "cnn"]) as settings:
        if "starts" in only:
            cold_starts(settings["tabular"], max(5, rounds // 2), found)
        for cell in [cell for cell in (*CELLS, *DOOR_CELLS) if cell in only]:
            measure(cell, settings, rounds, seconds, found)
        if "functions_share" in only:
            _functions_share(settings["tabular"], found)
        for _ in range(max(5, rounds // 2) if "swap" in only else 0):
            swap_under_load(settings["tabular"], found)
    return found


def _functions_share(settings: dict[str, str], found: Figures) -> None:
    module = "tests.benchmarks.scoring.functions_share"
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", module, str(models() / "payloads/tabular_b1.v2")]
    variables = os.environ | settings | {"INFERENCE_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    output = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=True).stdout
    measured = json.loads(output.splitlines()[-1])
    found["functions"]["own_us"] = measured["own_us"]
    found["functions"]["own_with_model_us"] = measured["with_model_us"]
    found["invocation"]["invocation_us"] = [measured["invocation_us"]]


def _print_medians(found: Figures) -> None:
    for name, measures in found.items():
        for which, values in measures.items():
            spread = f"{min(values):.1f} to {max(values):.1f} over {len(values)}"
            print(f"{name:18s} {which:20s} median {median(values):10.1f}  spread {spread}")
    print(f"load average {os.getloadavg()}")


def _print_bars(found: Figures, is_whole: bool) -> None:
    """Of a part, those that it measured."""
    both = list(zip(BARS, rows(found), strict=True))
    asked = [(bar, row) for bar, row in both if is_whole or row["ours"] is not None]
    for bar, row in asked:
        print(f"{'met ' if row['met'] else 'MISS'} {row['figure']}: {row['ours']} against {row['against']}; "
              f"ratio {row['ratio']} ({spread_of(bar, found)}); bar {row['bar']}")  # fmt: skip
    print(f"{sum(bool(row['met']) for _, row in asked)} of {len(both)} met, {len(asked)} measured")


if __name__ == "__main__":
    sys.exit(main())
