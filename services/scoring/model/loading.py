"""From a package's digest to a version that may serve: read, checked, loaded, warmed up, its golden rows reproduced."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import orjson

from services.scoring.model.golden import GoldenRows, read_golden
from services.scoring.model.predicted import PredictionCounts, reference_bins
from services.scoring.model.prepared import PreparedModels
from services.scoring.model.statistics import VersionStatistics
from services.scoring.model.version import Version
from shared.events import PackageRef
from shared.packages import FILES, NotAPackage, Signature, read_package
from shared.ports import Refused
from shared.ports.models.inference import InferenceRuntime, InferenceSession

# Grows when `prepare` writes other files: what an earlier build kept is then made anew.
PREPARED_FORMAT = 2


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
        if package not in self._statistics:
            index = [spec.name for spec in session.outputs].index(signature.prediction)
            counts = PredictionCounts(files["bins.json"], index)
            self._statistics[package] = VersionStatistics(package, counts)
        return Version.of(package, signature, session, self._statistics[package], golden, len(files["model.onnx"]))

    async def _prepare(self, digest: str) -> Mapping[str, bytes]:
        found = await self._prepared.find(digest) if self._prepared else None
        if found is not None:
            return found
        bodies = await asyncio.gather(*(self._packages.read(digest, name) for name in FILES))
        files = dict(zip(FILES, bodies, strict=True))
        if self._prepared:
            return await self._prepared.make(digest, files)
        return await asyncio.to_thread(prepare, digest, files, self._runtime)

    def _open(self, files: Mapping[str, bytes]) -> tuple[Signature, InferenceSession, GoldenRows]:
        """Golden rows are answered by the very session that is to serve."""
        signature = Signature.model_validate_json(files["signature.json"])
        session = self._runtime.load_optimised(files["model.onnx"])
        golden = GoldenRows.of(orjson.loads(files["golden.json"]), signature, session)
        golden.prove(session)
        return signature, session, golden


def prepare(digest: str, files: Mapping[str, bytes], runtime: InferenceRuntime) -> dict[str, bytes]:
    """From a package's files to what serves: the optimised model, the signature, the golden rows as JSON.

    Raises `Refused` for a package that must not serve. Slow, and needs memory for onnx and pyarrow.
    """
    try:
        found = read_package(files)
    except NotAPackage as problem:
        raise Refused(str(problem)) from problem
    if found.digest != digest:
        raise Refused(f"the package was altered: its digest is {found.digest}, not {digest}")
    model = runtime.optimise(files["model.onnx"])
    check_signature(found.signature, runtime.load_optimised(model))
    golden = orjson.dumps(read_golden(files["golden.parquet"]), default=str)
    bins = reference_bins(files["reference.parquet"])
    return {
        "model.onnx": model, "signature.json": files["signature.json"], "golden.json": golden, "bins.json": bins,
    }  # fmt: skip


def check_signature(signature: Signature, session: InferenceSession) -> None:
    """Raises `Refused` unless signature and graph name the same inputs, and the outputs promised are there."""
    inputs = {spec.name: spec.datatype for spec in session.inputs}
    outputs = {spec.name: spec.datatype for spec in session.outputs}
    for name in inputs.keys() - set(signature.input_names):
        raise Refused(f"signature.json: input {name} of the model is not in it")
    for kind, columns, found in (("input", signature.inputs, inputs), ("output", signature.outputs, outputs)):
        for column in columns:
            if found.get(column.name) != column.datatype:
                raise Refused(
                    f"model.onnx: {kind} {column.name}: expected datatype {column.datatype}, "
                    f"found {found.get(column.name, 'no such ' + kind)}"
                )
