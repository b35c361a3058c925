"""From a package's digest to a version that may serve: read, checked, loaded, warmed up, its golden rows reproduced."""

import asyncio

from services.scoring.golden import check_golden
from services.scoring.statistics import VersionStatistics
from services.scoring.version import Version
from shared.events import PackageRef
from shared.packages import FILES, NotAPackage, Signature, read_package
from shared.ports import ModelPackages, Refused
from shared.ports.inference import InferenceRuntime, InferenceSession


class PackageLoader:
    """Loads off the event loop. Counts per package go on when it is loaded again."""

    def __init__(self, packages: ModelPackages, runtime: InferenceRuntime) -> None:
        self._packages = packages
        self._runtime = runtime
        self._statistics: dict[PackageRef, VersionStatistics] = {}

    async def load(self, package: PackageRef) -> Version:
        """Raises `Refused` for a package that must not serve, `Unavailable` when it cannot be had now."""
        names = list(FILES)
        bodies = await asyncio.gather(*(self._packages.read(package.digest, name) for name in names))
        signature, session = await asyncio.to_thread(self._check, package, dict(zip(names, bodies, strict=True)))
        statistics = self._statistics.setdefault(package, VersionStatistics(package))
        return Version.of(package, signature, session, statistics)

    def _check(self, package: PackageRef, files: dict[str, bytes]) -> tuple[Signature, InferenceSession]:
        try:
            found = read_package(files)
        except NotAPackage as problem:
            raise Refused(str(problem)) from problem
        if found.digest != package.digest:
            raise Refused(f"the package was altered: its digest is {found.digest}, not {package.digest}")
        session = self._runtime.load(files["model.onnx"])
        check_signature(found.signature, session)
        check_golden(files["golden.parquet"], found.signature, session)
        return found.signature, session


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
