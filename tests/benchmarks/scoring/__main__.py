"""Ratios beside the floor and the peers, in one run: `python -m tests.benchmarks.scoring`.

One core for the server, another for the load; rounds interleave the servers, so that a machine that slows down slows
down all of them; medians over rounds. Validation, metrics and capture are on.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from statistics import median

from tests.benchmarks.scoring.environments import WORK, environment, models
from tests.benchmarks.scoring.figures import BARS, Figures, ratios_of, rows
from tests.benchmarks.scoring.load import Sample, Shape, WrkMissing, provide_wrk, run
from tests.benchmarks.scoring.servers import Peer, Server, peer, sluice
from tests.benchmarks.scoring.swap import swap_under_load
from tests.benchmarks.scoring.system import system

INFER = "/v2/models/m/infer"
BYTES = "application/octet-stream"
# name of a cell: model, payload for ours, payload for a peer, connections
CELLS = {
    "json1_c32": ("tabular", "b1.v2", "b1.rows", 32),
    "json1_c1": ("tabular", "b1.v2", "b1.rows", 1),
    "json100_c1": ("tabular", "b100.v2", "b100.rows", 1),
    "bin100_c8": ("tabular", "b100.v2bin", "b100.v2bin", 8),
    "image_bin_c8": ("cnn", "b1.v2bin", "b1.v2bin", 8),
    "image_json_c8": ("cnn", "b1.v2", "b1.rows", 8),
}
PEERS = ("sluice", "floor_score", "sluice_no_capture", "sluice_capture_10", "floor_batch", "fastapi", "azureml")
# Capture matters for this cell alone, and a round has to end.
ONLY = {"sluice_no_capture": ("json1_c32",), "sluice_capture_10": ("json1_c32",)}


def main() -> int:
    parser = argparse.ArgumentParser("scoring benchmark", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="for each cell (default: 2)")
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--peers", default=",".join(PEERS))
    options = parser.parse_args()
    try:
        provide_wrk()
    except WrkMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    found: Figures = defaultdict(lambda: defaultdict(list))
    with system(models(), ["tabular", "cnn"]) as settings:
        _first_start(settings["tabular"])
        for index in range(options.rounds):
            for model in ("tabular", "cnn"):
                cells = [cell for cell in options.cells.split(",") if CELLS[cell][0] == model]
                for name in options.peers.split(",") if cells else ():
                    chosen = [cell for cell in cells if cell in ONLY.get(name, cells)]
                    if not chosen:
                        continue
                    _measure(_peer(name, model, settings[model]), model, chosen, options.seconds, index, found)
            swap_under_load(settings["tabular"], found)
    table = rows(found)
    _print(found, table)
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "scoring.json").write_text(json.dumps(table, indent=2) + "\n")
    return 0


def _first_start(settings: dict[str, str]) -> None:
    """The first ever of this package, before there is anything prepared: told, not compared."""
    with Server(sluice(settings), Shape(INFER, models() / "payloads/tabular_b1.v2")) as server:
        print(f"first start with an empty model cache: {server.cold_s:.2f} s; later ones find the model prepared")


def _peer(name: str, model: str, settings: dict[str, str]) -> Peer | None:
    path = models() / f"{model}.onnx"
    if name.startswith("sluice"):
        sampling = {"sluice": "1.0", "sluice_capture_10": "0.1", "sluice_no_capture": "0"}[name]
        found = sluice({**settings, "CAPTURE_SAMPLING": sampling})
        return Peer(name, found.command, found.folder, found.variables)
    bin_folder = environment("azml" if name == "azureml" else "asgi")
    if bin_folder is None:
        return None
    commands = {
        "floor_score": ("{bin}/python", "proto_floor.py", "{port}", "score"),
        "floor_batch": ("{bin}/python", "proto_floor.py", "{port}", "batch"),
        "fastapi": (
            "{bin}/uvicorn",
            "fastapi_app:app",
            "--port",
            "{port}",
            "--no-access-log",
            "--log-level",
            "warning",
        ),
        "azureml": ("{bin}/azmlinfsrv", "--entry_script", "azml/score.py", "--port", "{port}", "--worker_count", "1"),
    }
    return peer(name, bin_folder, path, *commands[name])


def _shape(name: str, model: str, cell: str) -> Shape | None:
    _, ours, theirs, _ = CELLS[cell]
    payload = models() / "payloads" / f"{model}_{ours if name.startswith('sluice') else theirs}"
    binary = payload.suffix == ".v2bin"
    if name.startswith("sluice"):
        return Shape(INFER, payload, BYTES if binary else "application/json")
    if binary and not name.startswith("floor"):
        return None
    return Shape("/v2bin" if binary else "/score", payload, BYTES if binary else "application/json")


def _measure(what: Peer | None, model: str, cells: list[str], seconds: int, index: int, found: Figures) -> None:
    if what is None:
        return
    first = Shape(INFER if what.name.startswith("sluice") else "/score", models() / "payloads" / (
        f"{model}_b1.v2" if what.name.startswith("sluice") else f"{model}_b1.rows"))  # fmt: skip
    with Server(what, first) as server:
        run(server.port, first, 4, 1)
        found[what.name]["cold_s"].append(server.cold_s)
        found[what.name]["memory_mb"].append(server.memory_mb)
        for cell in cells:
            shape = _shape(what.name, model, cell)
            if shape is not None:
                began = server.cpu_s
                sample = run(server.port, shape, CELLS[cell][3], seconds)
                cpu_us = (server.cpu_s - began) * 1e6 / max(1.0, sample.requests_s * seconds)
                _note(what.name, cell, sample, cpu_us, index, found)


def _note(name: str, cell: str, sample: Sample, cpu_us: float, index: int, found: Figures) -> None:
    found[name][f"{cell}_rps"].append(sample.requests_s)
    found[name][f"{cell}_p50"].append(sample.p50_us)
    found[name][f"{cell}_p99"].append(sample.p99_us)
    found[name][f"{cell}_cpu_us"].append(cpu_us)
    latency = f"p50 {sample.p50_us:7.0f}  p99 {sample.p99_us:7.0f} us"
    load = f"{sample.requests_s:9.0f} req/s  {latency}  cpu {cpu_us:6.1f} us/request  errors {sample.errors}"
    print(f"round {index} {name:18s} {cell:14s} {load}", flush=True)


def _print(found: Figures, table: list[dict[str, object]]) -> None:
    for name, measures in found.items():
        for measure, values in measures.items():
            spread = f"{min(values):.1f} to {max(values):.1f} over {len(values)}"
            print(f"{name:18s} {measure:18s} median {median(values):10.1f}  spread {spread}")
    print(f"load average {os.getloadavg()}")
    for bar in BARS:
        ratios = ratios_of(bar, found)
        if ratios:
            print(f"ratio to {bar.against:18s} {bar.own_measure or bar.measure:16s} rounds: "
                  f"{' '.join(f'{each:.2f}' for each in ratios)}")  # fmt: skip
    for row in table:
        print(f"{'met ' if row['met'] else 'MISS'} {row['figure']}: {row['ours']} against {row['against']}, "
              f"ratio {row['ratio']}, bar {row['bar']}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
