"""What is measured: which request, with how many connections, against which servers."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.scoring.environments import REPOSITORY, environment, models
from tests.benchmarks.scoring.functions import KEY, bridge_host, scoring_host
from tests.benchmarks.scoring.load import Shape
from tests.benchmarks.scoring.servers import Peer, peer, sluice

INFER = "/v2/models/m/infer"
BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Cell:
    """`ours` and `theirs` are the payloads' names; `servers` in the order in which they are asked."""

    model: str
    ours: str
    theirs: str
    connections: int
    servers: tuple[str, ...]


BESIDE = ("sluice", "floor_score")
CELLS = {
    "json1_c32": Cell(
        "tabular", "b1.v2", "b1.rows", 32,
        (*BESIDE, "floor_batch", "sluice_no_capture", "sluice_capture_10", "fastapi", "azureml"),
    ),
    "json1_c1": Cell("tabular", "b1.v2", "b1.rows", 1, (*BESIDE, "fastapi")),
    "json100_c1": Cell("tabular", "b100.v2", "b100.rows", 1, (*BESIDE, "fastapi")),
    "bin100_c8": Cell("tabular", "b100.v2bin", "b100.v2bin", 8, BESIDE),
    "image_bin_c8": Cell("cnn", "b1.v2bin", "b1.v2bin", 8, (*BESIDE, "sluice_json")),
    "functions_c32": Cell("tabular", "b1.v2", "b1.rows", 32, ("functions", "functions_fastapi")),
}  # fmt: skip
# The same scorer behind other servers: no figure depends on them, so they are measured when asked for.
DOORS = ("sluice_no_capture", "uvicorn", "granian")
DOOR_CELLS = {
    f"doors_c{connections}": Cell("tabular", "b1.v2", "b1.rows", connections, ("floor_score", "floor_batch", *DOORS))
    for connections in (32, 1)
}
HEADERS = {name: (("x-functions-key", KEY),) for name in ("functions", "functions_fastapi")}
_SAMPLING = {**dict.fromkeys(DOORS, "0"), "sluice_capture_10": "0.1"}


def server_of(name: str, model: str, settings: dict[str, str]) -> Peer | None:
    """None for a peer whose environment cannot be made here."""
    captured = {**settings, "CAPTURE_SAMPLING": _SAMPLING.get(name, "1.0")}
    if name.startswith("sluice"):
        found = sluice(captured)
        return Peer(name, found.command, found.folder, found.variables)
    if name in DOORS:
        return _door(name, captured)
    if name == "functions":
        return scoring_host(name, settings)
    bin_folder = environment("azml" if name == "azureml" else "asgi")
    if bin_folder is None:
        return None
    path = models() / f"{model}.onnx"
    return bridge_host(name, bin_folder, path) if name == "functions_fastapi" else _peer(name, bin_folder, path)


def _door(name: str, settings: dict[str, str]) -> Peer | None:
    bin_folder = environment("asgi")
    if bin_folder is None:
        return None
    packages = next((bin_folder.parent / "lib").glob("python3*/site-packages"))
    command = (sys.executable, "-m", "tests.benchmarks.scoring.doors", name, "{port}", str(packages))
    return Peer(name, command, REPOSITORY, {"INFERENCE_THREADS": "1", **settings})


def _peer(name: str, bin_folder: Path, model: Path) -> Peer:
    fastapi = "{bin}/uvicorn fastapi_app:app --port {port} --no-access-log --log-level warning"
    commands = {
        "floor_score": "{bin}/python proto_floor.py {port} score",
        "floor_batch": "{bin}/python proto_floor.py {port} batch",
        "fastapi": fastapi,
        "azureml": "{bin}/azmlinfsrv --entry_script azml/score.py --port {port} --worker_count 1",
    }
    return peer(name, bin_folder, model, *commands[name].split())


def shape_of(name: str, cell: Cell) -> Shape:
    """What this server is sent: the same rows, each in its own format."""
    is_ours = name.startswith("sluice") or name in ("functions", *DOORS)
    payload = cell.ours if is_ours else cell.theirs
    if name == "sluice_json":
        payload = payload.removesuffix("bin")
    kind = BYTES if payload.endswith("bin") else "application/json"
    path = INFER if is_ours else "/v2bin" if kind == BYTES else "/score"
    return Shape(path, models() / "payloads" / f"{cell.model}_{payload}", kind, HEADERS.get(name, ()))
