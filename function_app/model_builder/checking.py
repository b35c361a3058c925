"""All that registration and staging would say of a package, here and now: the same suite, on one folder.

What needs production rows or a champion cannot be said here, and is left out.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from function_app.jobs.model_process import TASKS
from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.suite import run_suite
from function_app.jobs.storage import JobStorage
from shared.events import EndpointRef, ModelRef, PackageRef
from shared.packages import ModelPackage, NotAPackage, StagingReport, StagingRequestBody, SuiteLimits, read_package
from shared.packages.folder import read_files

_HERE = "/subscriptions/0/resourcegroups/here/providers/microsoft.machinelearningservices/workspaces/here"
_LEFT_OUT = {
    "comparison": "there are no production rows and no champion here",
    "rollback": "nothing serves here that could be put back",
}


class Inside(Sandbox):
    """For a process that is bounded itself: what would be a process of its own is done in it, which costs less."""

    def _process(self, task: str, folder: Path) -> None:
        try:
            TASKS[task](folder)
        except Exception as error:  # whatever the model does is the answer
            raise ModelFailed(f"{type(error).__name__}: {' '.join(str(error).split())[:500]}") from error


@dataclass(frozen=True, slots=True)
class _Nothing:
    """No rows were captured, no labels recorded, and evidence is not kept."""

    async def days(self, endpoint: EndpointRef) -> list[date]:
        return []

    async def of_day(self, endpoint: EndpointRef, day: date, until: datetime | None = None) -> AsyncIterator[Any]:
        for nothing in ():
            yield nothing

    async def keep(self, body: bytes) -> str:
        return "0" * 64


class _OneFolder(JobStorage):
    def __init__(self, package: ModelPackage, files: dict[str, bytes]) -> None:
        self._found = package, files
        self.captures, self.labels, self.evidence = (cast(Any, _Nothing()) for _ in range(3))

    async def package(self, ref: PackageRef) -> tuple[ModelPackage, dict[str, bytes]]:
        return self._found


def check(folder: Path, limits: SuiteLimits) -> StagingReport:
    """Raises `NotAPackage` for what registration refuses."""
    files = read_files(folder)
    package = read_package(files)
    ref = PackageRef(model=ModelRef(workspace=_HERE, name="model", version="1"), digest=package.digest)
    request = StagingRequestBody(candidate=ref, endpoint=EndpointRef(workspace=_HERE, name="endpoint"), limits=limits)
    sandbox = Inside(limits.run_seconds, limits.run_megabytes)
    return asyncio.run(run_suite(request, _OneFolder(package, files), sandbox))


def limits_here(more: Mapping[str, Any]) -> SuiteLimits:
    """Those of an empty policy, but for what cannot be checked here."""
    return SuiteLimits(**{"left_out": _LEFT_OUT, **more})


def problem_of(error: NotAPackage) -> str:
    return f"registration would refuse it: {error}"
