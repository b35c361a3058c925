"""A test deployment (R035, R039): the package behind the scoring code in a process of its own, called over HTTP."""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.jobs.sandbox import ModelFailed, empty, environment, reason
from function_app.jobs.staging.graph import distance
from function_app.jobs.staging.results import at_most, failed
from function_app.jobs.staging.subject import Subject
from function_app.jobs.tables import Feeds, feeds
from shared.events import CheckResult, PackageRef
from shared.packages import Signature, SuiteLimits, write_files

_WARM_UP = 10
CALL_TIMEOUT_S = 10


def check_deployment(
    ref: PackageRef, files: Mapping[str, bytes], subject: Subject, limits: SuiteLimits
) -> list[CheckResult]:
    """A smoke call, the latency of single rows one at a time, then that of many callers with many rows each."""
    golden = feeds(subject.package.signature, subject.golden.columns)
    bodies = request_bodies(subject.package.signature, golden)
    requests = [bodies[number % len(bodies)] for number in range(limits.smoke_requests)]
    path = f"/v2/models/{ref.model.name}/infer"
    try:
        with deployed(ref, files, limits) as port:
            answers, milliseconds = call(port, path, requests)
            smoke = _smoke(answers, subject, limits.golden_tolerance)
            if smoke.verdict == "failed":
                return [smoke]
            loads = [_under_load(port, path, subject, golden, rows, limits) for rows in limits.load_rows]
    except (ModelFailed, OSError, http.client.HTTPException) as error:
        return [
            failed("deployment.smoke", f"an answer to each golden row is expected: {type(error).__name__}: {error}")
        ]
    p95 = float(np.percentile(milliseconds[_WARM_UP:], 95))
    detail = f"median {np.median(milliseconds[_WARM_UP:]):.2f} ms over {len(milliseconds) - _WARM_UP} calls of one row"
    return [smoke, at_most("deployment.latency_p95", p95, limits.latency_p95_ms, detail, "ms"), *loads]


def _under_load(port: int, path: str, subject: Subject, golden: Feeds, rows: int, limits: SuiteLimits) -> CheckResult:
    """R035: several callers at once, each with so many rows in a request."""
    name = f"deployment.load_{rows}_rows"
    there = len(next(iter(golden.values())))
    body = request_body(subject.package.signature, golden, [row % there for row in range(rows)])
    share = max(1, limits.load_requests // limits.load_callers)
    with ThreadPoolExecutor(limits.load_callers) as callers:
        calls = list(callers.map(lambda _: call(port, path, [body] * share), range(limits.load_callers)))
    wrong = [answer for answers, _ in calls for answer in answers if answer[0] != 200]
    if wrong:
        return failed(
            name, f"{len(wrong)} of {share * limits.load_callers} calls failed: {wrong[0][0]} {wrong[0][1][:200]!r}"
        )
    p95 = float(np.percentile([each for _, milliseconds in calls for each in milliseconds], 95))
    detail = f"{limits.load_callers} callers at once, {share} calls each of {rows} {'row' if rows == 1 else 'rows'}"
    return at_most(name, p95, limits.load_latency_p95_ms, detail, "ms")


@contextmanager
def deployed(ref: PackageRef, files: Mapping[str, bytes], limits: SuiteLimits) -> Iterator[int]:
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


def request_bodies(signature: Signature, cells: Feeds) -> list[bytes]:
    """One request for each row."""
    return [request_body(signature, cells, [row]) for row in range(len(next(iter(cells.values()))))]


def request_body(signature: Signature, cells: Feeds, rows: Sequence[int]) -> bytes:
    return json.dumps({"id": str(rows[0]), "inputs": _inputs(signature, cells, rows)}).encode()


def _inputs(signature: Signature, cells: Feeds, rows: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "name": column.name,
            "datatype": column.datatype,
            "shape": [len(rows), *cells[column.name].shape[1:]],
            "data": [_plain(cell) for cell in cells[column.name][list(rows)].reshape(-1)],
        }
        for column in signature.inputs
    ]


def _plain(cell: Any) -> Any:
    """As JSON has it: no NaN."""
    value = cell.item() if hasattr(cell, "item") else str(cell)
    return None if isinstance(value, float) and value != value else value


def call(port: int, path: str, requests: Sequence[bytes]) -> tuple[list[tuple[int, bytes]], list[float]]:
    """Status and body of each answer, and the milliseconds that each took, one after the other."""
    answers, milliseconds = [], []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_TIMEOUT_S)
    for body in requests:
        began = time.perf_counter()
        connection.request("POST", path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        answers.append((response.status, response.read()))
        milliseconds.append((time.perf_counter() - began) * 1_000)
    connection.close()
    return answers, milliseconds


def _smoke(answers: list[tuple[int, bytes]], subject: Subject, tolerance: float) -> CheckResult:
    """Every answer is a 200 and repeats what the same model answered in the sandbox."""
    name = "deployment.smoke"
    wrong = [(status, body) for status, body in answers if status != 200]
    if wrong:
        status, body = wrong[0]
        return failed(name, f"{len(wrong)} of {len(answers)} calls failed, the first with {status} {body[:200]!r}")
    furthest, where = 0.0, ""
    for number, (_, body) in enumerate(answers):
        row = number % len(subject.golden)
        for output in json.loads(body)["outputs"]:
            expected = subject.golden.outputs[output["name"]][row : row + 1]
            apart = apart_from(output, expected)
            if apart >= furthest:
                furthest, where = apart, f"output {output['name']}, golden row {row}: {_short(output['data'])} found"
                where += f", {_short(expected.reshape(-1).tolist())} expected, as the model answers in the sandbox"
    return at_most(name, furthest, tolerance, f"{len(answers)} calls answered as in the sandbox", wrong=where)


def apart_from(output: dict[str, Any], expected: NDArray[Any]) -> float:
    """How far an answer's output is from what was expected; 1e308 when it has another size."""
    if len(output["data"]) != expected.size:
        return 1e308
    kind = expected.dtype if expected.dtype.kind in "fiub" else object
    return distance(np.array(output["data"], kind).reshape(expected.shape), expected)


def _short(cells: list[Any]) -> str:
    return f"{cells[:5]}{' ...' if len(cells) > 5 else ''}"
