"""From a package's digest to a version that may serve: read, checked, loaded, warmed up, its golden rows reproduced."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

import orjson

from services.scoring.model.golden import GoldenRows, read_golden
from services.scoring.model.neighbours import dependence
from services.scoring.model.predicted import PredictionCounts, reference_bins
from services.scoring.model.prepared import PreparedModels
from services.scoring.model.signed import SignedSession
from services.scoring.model.statistics import VersionStatistics
from services.scoring.model.version import Version
from shared.events import PackageRef
from shared.packages import FILES, ModelPackage, NotAPackage, Signature, fetch_files, read_package
from shared.packages.graph import contradictions
from shared.packages.graph_file import read_graph
from shared.ports import Refused
from shared.ports.models.inference import InferenceRuntime

logger = logging.getLogger("sluice.scoring")

# Grows when `prepare` writes other files: what an earlier build kept is then made anew.
PREPARED_FORMAT = 3


class PackageFiles(Protocol):
    """What loading needs of the port `ModelPackages`."""

    async def read(self, digest: str, name: str) -> bytes: ...


class PackageLoader:
    """Loads off the event loop. Counts per package go on when it is loaded again.

    With `prepared`, packages are checked and optimised by a process of their own, once; without, in this one.
    """

    def __init__(
        self, packages: PackageFiles, runtime: InferenceRuntime, prepared: PreparedModels | None = None
    ) -> None:
        self._packages = packages
        self._runtime = runtime
        self._prepared = prepared
        self._statistics: dict[PackageRef, VersionStatistics] = {}

    async def load(self, package: PackageRef) -> Version:
        """Raises `Refused` for a package that must not serve, `Unavailable` when it cannot be had now."""
        files = await self._prepare(package.digest)
        signature, session, golden = await asyncio.to_thread(self._open, files)
        neighbours = orjson.loads(files["neighbours.json"])
        if neighbours:
            logger.warning("%s: %s", package.model, neighbours)
        if package not in self._statistics:
            index = [spec.name for spec in session.outputs].index(signature.prediction)
            counts = PredictionCounts(files["bins.json"], index)
            self._statistics[package] = VersionStatistics(package, counts)
        is_alone = bool(neighbours) or signature.is_row_by_row
        return Version.of(
            package, signature, session, self._statistics[package], golden, len(files["model.onnx"]), is_alone
        )

    async def _prepare(self, digest: str) -> Mapping[str, bytes]:
        found = await self._prepared.find(digest) if self._prepared else None
        if found is not None:
            return found
        files = await _fetch(self._packages, digest)
        if self._prepared:
            return await self._prepared.make(digest, files)
        return await asyncio.to_thread(prepare, digest, files, self._runtime)

    def _open(self, files: Mapping[str, bytes]) -> tuple[Signature, SignedSession, GoldenRows]:
        """Golden rows are answered by the very session that is to serve, which is warm after them."""
        signature = Signature.model_validate_json(files["signature.json"])
        session = SignedSession(self._runtime.load_optimised(files["model.onnx"]), signature)
        golden = GoldenRows.of(orjson.loads(files["golden.json"]), signature, session)
        golden.prove(session)
        return signature, session, golden


async def _fetch(packages: PackageFiles, digest: str) -> dict[str, bytes]:
    try:
        return await fetch_files(lambda name: packages.read(digest, name))
    except NotAPackage as problem:
        raise Refused(str(problem)) from problem


def prepare(digest: str, files: Mapping[str, bytes], runtime: InferenceRuntime) -> dict[str, bytes]:
    """From a package's files to what serves: the optimised model, the signature, the golden rows as JSON.

    Raises `Refused` for a package that must not serve. Slow, and needs memory for onnx and pyarrow.
    """
    signature = check(digest, files).signature
    model = runtime.optimise(files["model.onnx"], {name: files[name] for name in files.keys() - FILES.keys()})
    session = SignedSession(runtime.load_optimised(model), signature)
    rows = read_golden(files["golden.parquet"])
    neighbours = dependence(GoldenRows.of(rows, signature, session), session)
    return {
        "model.onnx": model,
        "signature.json": files["signature.json"],
        "golden.json": orjson.dumps(rows, default=str),
        "bins.json": reference_bins(files["reference.parquet"]),
        "neighbours.json": orjson.dumps(neighbours),
    }


def check(digest: str, files: Mapping[str, bytes]) -> ModelPackage:
    """Raises `Refused` unless it is the package of this digest, and its signature says what its graph does."""
    try:
        found = read_package(files)
        said = contradictions(found.signature, read_graph(files["model.onnx"]))
    except NotAPackage as problem:
        raise Refused(str(problem)) from problem
    if found.digest != digest:
        raise Refused(f"the package was altered: its digest is {found.digest}, not {digest}")
    if said:
        raise Refused(f"model.onnx: {'; '.join(said)}")
    return found
