"""A test deployment (R035, R039): the package behind the scoring code in a process of its own, called over HTTP."""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from function_app.jobs.sandbox import ModelFailed, empty, environment, reason
from function_app.jobs.staging.results import at_most, failed
from function_app.jobs.staging.subject import Subject
from function_app.jobs.tables import Feeds, feeds
from shared.events import CheckResult, PackageRef
from shared.packages import Signature, SuiteLimits, write_files

_WARM_UP = 10
CALL_TIMEOUT_S = 10


def check_deployment(
    ref: PackageRef, files: dict[str, bytes], subject: Subject, limits: SuiteLimits
) -> list[CheckResult]:
    """A smoke call, then the latency of single rows, one at a time."""
    requests = _requests(subject.package.signature, subject, limits.smoke_requests)
    try:
        with deployed(ref, files, limits) as port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_TIMEOUT_S)
            answers, milliseconds = call(connection, f"/v2/models/{ref.model.name}/infer", requests)
            connection.close()
    except (ModelFailed, OSError, http.client.HTTPException) as error:
        return [failed("deployment.smoke", f"{type(error).__name__}: {error}")]
    p95 = float(np.percentile(milliseconds[_WARM_UP:], 95))
    detail = f"median {np.median(milliseconds[_WARM_UP:]):.2f} ms over {len(milliseconds) - _WARM_UP} calls of one row"
    smoke = _smoke(answers, subject, limits.golden_tolerance)
    return [smoke, at_most("deployment.latency_p95", p95, limits.latency_p95_ms, detail, "ms")]


@contextmanager
def deployed(ref: PackageRef, files: dict[str, bytes], limits: SuiteLimits) -> Iterator[int]:
    """The port it listens on. Raises `ModelFailed` with its last words when it does not come up in time."""
    with tempfile.TemporaryDirectory(prefix="sluice-deployment-") as name:
        folder = Path(name)
        write_files(folder / "package", files)
        bounds = ["--seconds", str(limits.run_seconds), "--megabytes", str(limits.run_megabytes)]
        command = [sys.executable, "-m", "function_app.jobs.test_deployment", name, "--package", ref.model_dump_json()]
        with (folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [*command, *bounds], cwd=empty(folder), env=environment(), stdout=stderr, stderr=stderr
            )
        try:
            yield _port(process, folder, limits.run_seconds)
        finally:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes], folder: Path, seconds: int) -> int:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (folder / "port").exists():
            return int((folder / "port").read_text())
        if process.poll() is not None:
            raise ModelFailed(reason(process.returncode, (folder / "stderr").read_bytes()))
        time.sleep(0.02)  # a child that is starting tells nobody when it listens
    raise ModelFailed(f"it took no requests within {seconds} s")


def _requests(signature: Signature, subject: Subject, count: int) -> list[bytes]:
    """Golden rows, one to a request, over and over."""
    bodies = request_bodies(signature, feeds(signature, subject.tables.golden))
    return [bodies[number % len(bodies)] for number in range(count)]


def request_bodies(signature: Signature, cells: Feeds) -> list[bytes]:
    """One request for each row."""
    rows = len(next(iter(cells.values())))
    return [json.dumps({"id": str(row), "inputs": _inputs(signature, cells, row)}).encode() for row in range(rows)]


def _inputs(signature: Signature, cells: Feeds, row: int) -> list[dict[str, Any]]:
    return [
        {
            "name": column.name,
            "datatype": column.datatype,
            "shape": [1, 1],
            "data": [_plain(cells[column.name][row, 0])],
        }
        for column in signature.inputs
    ]


def _plain(cell: Any) -> Any:
    """As JSON has it: no NaN."""
    value = cell.item() if hasattr(cell, "item") else str(cell)
    return None if isinstance(value, float) and value != value else value


def call(
    connection: http.client.HTTPConnection, path: str, requests: list[bytes]
) -> tuple[list[tuple[int, bytes]], list[float]]:
    """Status and body of each answer, and the milliseconds that each took."""
    answers, milliseconds = [], []
    for body in requests:
        began = time.perf_counter()
        connection.request("POST", path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        answers.append((response.status, response.read()))
        milliseconds.append((time.perf_counter() - began) * 1_000)
    return answers, milliseconds


def _smoke(answers: list[tuple[int, bytes]], subject: Subject, tolerance: float) -> CheckResult:
    """Every answer is a 200 and repeats what the same model answered in the sandbox."""
    name = "deployment.smoke"
    wrong = [(status, body) for status, body in answers if status != 200]
    if wrong:
        status, body = wrong[0]
        return failed(name, f"{len(wrong)} of {len(answers)} calls failed, the first with {status} {body[:200]!r}")
    output = subject.package.signature.prediction
    expected = subject.golden(output).astype(np.float64).reshape(-1)
    found = np.array([_output(body, output) for _, body in answers])
    wanted = expected[np.arange(len(found)) % len(expected)]
    distance = float(np.abs(found - wanted).max())
    return at_most(name, distance, tolerance, f"{len(answers)} calls answered as in the sandbox")


def _output(body: bytes, name: str) -> float:
    outputs = json.loads(body)["outputs"]
    return float(next(output["data"][0] for output in outputs if output["name"] == name))
