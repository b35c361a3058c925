"""All that registration and staging would say of a package, here and now: the same suite, on one folder.

What needs production rows or a champion cannot be said here, and is left out.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from function_app.jobs.sandbox import BoundedHere
from function_app.jobs.staging.suite import run_suite
from function_app.jobs.storage import JobStorage
from shared.events import EndpointRef, ModelRef, PackageRef
from shared.packages import ModelPackage, NotAPackage, StagingReport, StagingRequestBody, SuiteLimits, read_package
from shared.packages.folder import read_files
from shared.packages.graph import contradictions
from shared.packages.graph_file import read_graph

_HERE = "/subscriptions/0/resourcegroups/here/providers/microsoft.machinelearningservices/workspaces/here"

LEFT_OUT = {
    "comparison": "there are no production rows and no champion here",
    "rollback": "nothing serves here that could be put back",
}


def check(folder: Path, limits: SuiteLimits) -> StagingReport:
    """For a process that is bounded itself. Raises `NotAPackage` for what registration refuses."""
    files = read_files(folder)
    package = read_package(files)
    if wrong := contradictions(package.signature, read_graph(files["model.onnx"])):
        raise NotAPackage("model.onnx", "; ".join(wrong))
    ref = PackageRef(model=ModelRef(workspace=_HERE, name="model", version="1"), digest=package.digest)
    endpoint = EndpointRef(workspace=_HERE, name="endpoint")
    request = StagingRequestBody(candidate=ref, endpoint=endpoint, limits=limits)
    return asyncio.run(run_suite(request, _OneFolder(package, files), BoundedHere))


@dataclass(frozen=True, slots=True)
class _Nothing:
    """No rows were captured, no labels recorded, and evidence is not kept."""

    async def days(self, endpoint: EndpointRef) -> list[date]:
        return []

    async def of_day(self, endpoint: EndpointRef, day: date, until: datetime | None = None) -> AsyncIterator[Any]:
        nothing: tuple[Any, ...] = ()
        for each in nothing:
            yield each

    async def keep(self, body: bytes) -> str:
        return "0" * 64


class _OneFolder(JobStorage):
    """What a job finds in storage: this package, and nothing else."""

    def __init__(self, package: ModelPackage, files: dict[str, bytes]) -> None:
        self._found = package, files
        self.captures, self.labels, self.evidence = (cast(Any, _Nothing()) for _ in range(3))

    async def package(self, ref: PackageRef) -> tuple[ModelPackage, dict[str, bytes]]:
        return self._found
