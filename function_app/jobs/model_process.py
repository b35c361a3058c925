"""`python -m function_app.jobs.model_process`: touches a stranger's model or table in a process that may die of it.

    inspect FOLDER   package/model.onnx -> graph.json, without running it
    run FOLDER       package/, feeds.npz -> outputs.npz
    neighbours FOLDER  package/, golden.parquet -> neighbours.txt
    table FOLDER     table.parquet, needed.json -> table.json
    tests FOLDER     package/ with tests/ -> tests.json

The last line on standard error says why it failed. Nothing of the parent's environment is needed or handed down.
"""

import argparse
import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from function_app.jobs.arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from services.scoring.model.signed import SignedSession
    from shared.packages import Signature

_ROWS_AT_ONCE, _BYTES_AT_ONCE = 4_096, 64 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, required=True, help="of processor time")
    parser.add_argument("--megabytes", type=int, required=True, help="of address space")
    arguments = parser.parse_args()
    limit(arguments.seconds, arguments.megabytes)
    try:
        TASKS[arguments.task](arguments.folder)
    except Exception as error:  # noqa: BLE001 - whatever the model does is the answer
        sys.exit(last_words(error))


def last_words(error: Exception) -> str:
    """Its kind and its message, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500] or 'no reason given'}"


def limit(seconds: int, megabytes: int) -> None:
    """Bound this process for good; the kernel enforces it."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    limit_memory(megabytes)


def limit_memory(megabytes: int) -> None:
    """What it leaves behind is as bounded as it is itself, for others read it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def inspect(folder: Path) -> None:
    """`problem` is why it must not be run; `opset` that of the standard operators."""
    from shared.adapters.onnx_graph import check_graph
    from shared.ports import Refused

    found: dict[str, Any] = {"problem": None, "opset": None}
    model, data = _model(folder / "package")
    try:
        opsets = check_graph(model, data.keys()).opset_import
        found["opset"] = next((each.version for each in opsets if each.domain in ("", "ai.onnx")), None)
    except Refused as refusal:
        found["problem"] = str(refusal)
    (folder / "graph.json").write_text(json.dumps(found))


def loaded(package: Path) -> "tuple[Signature, SignedSession]":
    """The model in this folder, as its signature speaks of it."""
    from services.scoring.model.signed import SignedSession
    from shared.adapters.onnx import OnnxRuntime
    from shared.packages.package import read_signature

    signature = read_signature((package / "signature.json").read_bytes())
    return signature, SignedSession(OnnxRuntime(threads=1).load(*_model(package)), signature)


def _model(package: Path) -> tuple[bytes, dict[str, bytes]]:
    """The graph, and the package's own files that may hold its data."""
    from shared.packages import FILES, read_files

    files = read_files(package)
    return files["model.onnx"], {name: body for name, body in files.items() if name not in FILES}


def run(folder: Path) -> None:
    """Outputs of all rows, by the names of the signature."""
    _, session = loaded(folder / "package")
    feeds = read_arrays(folder / "feeds.npz")
    rows, size = len(next(iter(feeds.values()))), sum(each.nbytes for each in feeds.values())
    at_once = max(1, min(_ROWS_AT_ONCE, _BYTES_AT_ONCE * rows // max(1, size)))
    parts = [
        session.run({name: cells[start : start + at_once] for name, cells in feeds.items()})
        for start in range(0, rows, at_once)
    ]
    outputs = {each.name: np.concatenate([part[index] for part in parts]) for index, each in enumerate(session.outputs)}
    write_arrays(folder / "outputs.npz", outputs)


def neighbours(folder: Path) -> None:
    """Golden rows alone and together."""
    from services.scoring.model.golden import GoldenRows, read_golden
    from services.scoring.model.neighbours import dependence

    signature, session = loaded(folder / "package")
    golden = GoldenRows.of(read_golden((folder / "golden.parquet").read_bytes()), signature, session)
    (folder / "neighbours.txt").write_text(dependence(golden, session))


def table(folder: Path) -> None:
    """The columns that are needed, or what is wrong with them."""
    from function_app.jobs.tables import read_table
    from shared.packages import NotAPackage

    file, needed, welcome = json.loads((folder / "needed.json").read_text())
    try:
        found: dict[str, Any] = {"columns": read_table(file, (folder / "table.parquet").read_bytes(), needed, welcome)}
    except NotAPackage as problem:
        found = {"problem": problem.problem, "column": problem.field}
    (folder / "table.json").write_text(json.dumps(found, default=str))


def tests(folder: Path) -> None:
    """A team's own: each test with how it came out, in words where it did not pass. Raises `ValueError` for none."""
    import pytest

    from function_app.jobs.own_tests import Recorder

    recorder = Recorder(folder / "package")
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        "--rootdir",
        str(folder / "package"),
        "-c",
        "/dev/null",
    ]
    pytest.main([*options, str(folder / "package" / "tests")], plugins=[recorder])
    if not recorder.found:
        raise ValueError("tests/: no test was found in it; a function test_* in a file test_*.py is expected")
    (folder / "tests.json").write_text(json.dumps(recorder.found))


TASKS = {"inspect": inspect, "neighbours": neighbours, "run": run, "table": table, "tests": tests}


if __name__ == "__main__":
    main()
