"""The way back, tried before anybody needs it (N4): from the candidate to the champion, in the test deployment."""

import asyncio
import hashlib
import http.client
import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.deployment import call, deployed, request_bodies
from function_app.jobs.staging.graph import distance
from function_app.jobs.staging.results import at_most, failed, inconclusive
from function_app.jobs.storage import JobStorage
from function_app.jobs.tables import feeds
from services.scoring.model.golden import outputs_body
from services.scoring.protocol.layout import DTYPES
from shared.events import CheckResult, PackageRef
from shared.packages import ModelPackage, NotAPackage, Rehearsal, Signature, StagingRequestBody, SuiteLimits
from shared.ports import Refused

NAME = "rollback.rehearsal"

type Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Restored:
    """`furthest` is the output that is furthest from what the package records, by `distance`."""

    rows: int
    outputs: Outputs
    furthest: str
    distance: float
    seconds: float


async def rehearse(
    request: StagingRequestBody, candidate: dict[str, bytes], storage: JobStorage
) -> tuple[Rehearsal | None, list[CheckResult]]:
    """Without a champion there is no way back, and nothing to check. Raises `Unavailable`."""
    if request.champion is None:
        return None, []
    with ExitStack() as serving:
        try:
            await asyncio.to_thread(serving.enter_context, deployed(request.candidate, candidate, request.limits))
        except ModelFailed as problem:
            return None, [inconclusive(NAME, f"the candidate was not there to be gone back from: {problem}")]
        return await _go_back(request, request.champion, storage)


async def _go_back(
    request: StagingRequestBody, champion: PackageRef, storage: JobStorage
) -> tuple[Rehearsal | None, list[CheckResult]]:
    """The candidate serves: fetch what served before by its digest, start it, ask it for its golden rows."""
    began = time.perf_counter()
    try:
        package, files = await storage.package(champion)
        restored = await asyncio.to_thread(_score, champion, package, files, request.limits, began)
    except (NotAPackage, Refused, ModelFailed, OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return None, [unrestorable(champion, error)]
    check = _check(champion, restored, request.limits)
    if check.verdict != "passed":
        return None, [check]
    body = outputs_body(restored.outputs)
    await storage.evidence.keep(body)
    found = Rehearsal(
        package=champion, rows=restored.rows, distance=restored.distance,
        outputs=hashlib.sha256(body).hexdigest(), restore_s=round(restored.seconds, 3),
    )  # fmt: skip
    return found, [check]


def unrestorable(champion: PackageRef, problem: Exception) -> CheckResult:
    """N4: nobody is promoted who could not be gone back from."""
    return failed(NAME, f"{champion.model}, which serves now, could not be restored: {problem}")


def _score(
    ref: PackageRef, package: ModelPackage, files: dict[str, bytes], limits: SuiteLimits, began: float
) -> _Restored:
    signature = package.signature
    names = [output.name for output in signature.outputs]
    sandbox = Sandbox(limits.run_seconds, limits.run_megabytes)
    golden = sandbox.table("golden.parquet", files["golden.parquet"], [*signature.input_names, *names])
    bodies = request_bodies(signature, feeds(signature, golden))
    with deployed(ref, files, limits) as port:
        answers, _ = call(port, f"/v2/models/{ref.model.name}/infer", bodies)
    seconds = time.perf_counter() - began
    outputs = _outputs(signature, answers)
    apart = {name: distance(cells, golden[name]) for name, cells in outputs.items()}
    furthest = max(apart, key=lambda name: apart[name])
    return _Restored(len(bodies), outputs, furthest, apart[furthest], seconds)


def _outputs(signature: Signature, answers: list[tuple[int, bytes]]) -> Outputs:
    """By the model's own order of outputs, all rows of each; raises `ModelFailed` for an answer that is none."""
    cells: dict[str, list[Any]] = {}
    for status, body in answers:
        if status != 200:
            raise ModelFailed(f"a golden row was answered with {status} {body[:200]!r}")
        for output in json.loads(body)["outputs"]:
            cells.setdefault(output["name"], []).extend(output["data"])
    kinds = {column.name: DTYPES[column.datatype] for column in signature.outputs}
    return {name: np.array(found, kinds[name]) for name, found in cells.items() if name in kinds}


def _check(champion: PackageRef, restored: _Restored, limits: SuiteLimits) -> CheckResult:
    detail = f"{champion.model} was back after {restored.seconds:.1f} s and answered its {restored.rows} golden rows"
    wrong = (
        f"{champion.model}, which serves now, came back, but output {restored.furthest} differs by up to "
        f"{restored.distance:.6g} from its golden rows, at most {limits.golden_tolerance:g} is expected"
    )
    return at_most(NAME, restored.distance, limits.golden_tolerance, detail, wrong=wrong)
