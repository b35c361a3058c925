"""Run one command: bring code and inputs, start the process, upload what it wrote."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local.azure_ml import uris
from infra.local.azure_ml.config import Environment
from infra.local.azure_ml.jobs import expressions, lifecycle, process
from infra.local.azure_ml.jobs.work import Host, JobFailed, Uri, Value, Work
from infra.local.azure_ml.state import State
from infra.local.azure_ml.storage import CONTAINER, Place

LOG = "user_logs/std_log.txt"
_TAIL = 2000


@dataclass(frozen=True)
class Folder:
    """The working folder of one job; `work` is where its command starts."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def log(self) -> Path:
        return self.root / LOG

    def make(self) -> None:
        for part in (self.work, self.root / "inputs", self.root / "outputs", self.root / "bin", self.log.parent):
            part.mkdir(parents=True, exist_ok=True)


async def run(state: State, host: Host, path: str, work: Work) -> dict[str, Path]:
    """Run to the end, moving the job through its statuses; answers the local path of each output.

    Raises `JobFailed`, or `process.TimeLimitExceeded`."""
    lifecycle.move(state, path, "Queued")
    async with host.slots:
        lifecycle.move(state, path, "Starting")
        folder = Folder(state.job_folder(path))
        folder.make()
        workspace = path.split("/", 1)[0]
        await _bring_code(state, workspace, work, folder)
        inputs = {name: await _bring(state, workspace, name, value, folder) for name, value in work.inputs.items()}
        outputs = {name: _output(folder, name, kind) for name, kind in work.outputs.items()}
        command = _render(work.command, inputs, outputs)
        lifecycle.move(state, path, "Running")
        await _execute(state, path, work, command, folder)
        lifecycle.move(state, path, "Finalizing")
        await _upload(state, path, folder)
    return outputs


async def _bring_code(state: State, workspace: str, work: Work, folder: Folder) -> None:
    if work.code is None:
        return
    if await state.storage.download(uris.locate(state, workspace, work.code), folder.work) is None:
        raise JobFailed(f"The code folder {work.code} is empty.")


async def _bring(state: State, workspace: str, name: str, value: Value, folder: Folder) -> str:
    if not isinstance(value, Uri):
        return str(value)
    found = await state.storage.download(uris.locate(state, workspace, value.uri), folder.root / "inputs" / name)
    if found is None:
        raise JobFailed(f"Input '{name}': nothing at {value.uri}.")
    return str(found)


def _output(folder: Folder, name: str, kind: str) -> Path:
    """The folder of an output; an output of type uri_file is a file in it."""
    place = folder.root / "outputs" / name
    place.mkdir(exist_ok=True)
    return place / name if kind == "uri_file" else place


def _render(command: str, inputs: dict[str, str], outputs: dict[str, Path]) -> str:
    try:
        return expressions.render(command, inputs, {name: str(place) for name, place in outputs.items()})
    except KeyError as error:
        raise JobFailed(f"The command needs {error.args[0]}, which has no value.") from error


async def _execute(state: State, path: str, work: Work, command: str, folder: Folder) -> None:
    def started(pid: int, created: float) -> None:
        job = state.resources.get(path)
        if job is not None:
            job.meta["process"] = [pid, created]
            state.resources.put(job)

    variables = _variables(state, path, work, folder)
    status = await process.run(command, folder.work, variables, folder.log, work.timeout_s, started)
    if status != 0:
        tail = folder.log.read_bytes()[-_TAIL:].decode(errors="replace")
        raise JobFailed(f"Execution failed. User process exited with status code {status}. Log: {tail}")


def _variables(state: State, path: str, work: Work, folder: Folder) -> dict[str, str]:
    """A clean environment; the job's own variables win over those of the environment."""
    environment = state.config.environment(work.environment) or Environment()
    python = environment.python or sys.executable
    _write_interpreters(folder, python)
    job = state.resources.get(path)
    config = state.config
    base = {
        "PATH": os.pathsep.join(
            [str(folder.root / "bin"), str(Path(python).parent), "/usr/local/bin", "/usr/bin", "/bin"]
        ),
        "HOME": str(folder.root),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AZUREML_RUN_ID": path.rsplit("/", 1)[-1],
        "AZUREML_EXPERIMENT_NAME": job.properties["experimentName"] if job else "Default",
        "AZUREML_ARM_SUBSCRIPTION": str(config.subscription_id),
        "AZUREML_ARM_RESOURCEGROUP": config.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": path.split("/", 1)[0],
    }
    if environment.pythonpath:
        base["PYTHONPATH"] = os.pathsep.join(environment.pythonpath)
    return base | environment.variables | work.variables


def _write_interpreters(folder: Folder, python: str) -> None:
    """`python` is the environment's interpreter; a link would lose the packages of its virtual environment."""
    for name in ("python", "python3"):
        script = folder.root / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
        script.chmod(0o700)


async def _upload(state: State, path: str, folder: Folder) -> None:
    """Declared outputs, and `outputs/` of the working folder as the default output `artifacts`."""
    name = path.rsplit("/", 1)[-1]
    for place in sorted((folder.root / "outputs").iterdir()):
        await state.storage.upload(place, Place(CONTAINER, uris.output_path(name, place.name)))
    artifacts = folder.work / "outputs"
    if artifacts.is_dir():
        await state.storage.upload(artifacts, Place(CONTAINER, f"{uris.output_path(name, 'artifacts')}outputs"))
