"""The queue of jobs: at most so many commands at once; what a restart finds running has failed."""

import asyncio
import logging
from pathlib import Path

from infra.local.azure_ml import uris, versions
from infra.local.azure_ml.arm import ArmError
from infra.local.azure_ml.events import shapes
from infra.local.azure_ml.jobs import command, lifecycle, process
from infra.local.azure_ml.jobs.pipeline import Graph
from infra.local.azure_ml.jobs.work import JobFailed, Value, from_command, value
from infra.local.azure_ml.resources import Json, Resource
from infra.local.azure_ml.state import State
from infra.local.azure_ml.storage import CONTAINER, Place

log = logging.getLogger(__name__)


class Runner:
    """`slots` are taken by commands, never by the pipelines that wait for them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing = False
        self.slots = asyncio.Semaphore(state.config.max_running_jobs)

    def start(self, path: str) -> None:
        task = asyncio.create_task(self._run(path))
        self._tasks[path] = task
        task.add_done_callback(lambda _: self._tasks.pop(path, None))

    def cancel(self, path: str) -> None:
        """Ask for the end; the job is Canceled once its processes are gone."""
        lifecycle.move(self._state, path, "CancelRequested")
        if task := self._tasks.get(path):
            task.cancel()
        else:
            lifecycle.move(self._state, path, "Canceled")

    def cancelled(self, path: str) -> None:
        """A cancelled job is Canceled, unless it is the emulator that stops: then a restart finds it running."""
        if not self._closing:
            lifecycle.move(self._state, path, "Canceled")

    def recover(self) -> None:
        """After a restart: what waited is queued again, what ran has failed, and what it left running is killed."""
        resources = self._state.resources
        for job in [item for item in resources.all() if _is_job(item)]:
            status = lifecycle.status_of(job)
            if status in lifecycle.WAITING and job.meta["parent"] is None:
                self.start(job.path)
            elif status not in lifecycle.TERMINAL:
                if job.meta.get("process"):
                    process.kill_orphan(*job.meta["process"])
                lifecycle.fail(self._state, job.path, "The compute node was lost while the job ran.", "NodeLost")

    async def close(self) -> None:
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, path: str) -> None:
        job = self._state.resources.get(path)
        assert job is not None  # noqa: S101 - the caller has just stored it
        try:
            outputs = await (self._pipeline(job) if job.properties["jobType"] == "Pipeline" else self._command(job))
            await self._register_outputs(job, outputs)
            lifecycle.move(self._state, path, "Completed")
        except asyncio.CancelledError:
            self.cancelled(path)
        except process.TimeLimitExceeded:
            message = "The job was canceled: it ran longer than its time limit."
            lifecycle.move(self._state, path, "Canceled", {"code": "JobTimedOut", "message": message})
        except (JobFailed, ArmError) as error:
            lifecycle.fail(self._state, path, str(error))
        except Exception as error:
            log.exception("job %s", path)
            lifecycle.fail(self._state, path, f"{type(error).__name__}: {error}", "ServiceError")

    async def _command(self, job: Resource) -> dict[str, Path]:
        return await command.run(self._state, self, job.path, from_command(self._state, job.workspace, job.properties))

    async def _pipeline(self, job: Resource) -> dict[str, Path]:
        lifecycle.move(self._state, job.path, "Preparing")
        lifecycle.move(self._state, job.path, "Running")
        outputs = await graph_of(self._state, job.path, job.properties).run(self)
        lifecycle.move(self._state, job.path, "Finalizing")
        for name, place in outputs.items():
            folder = place if place.is_dir() else place.parent
            await self._state.storage.upload(folder, Place(CONTAINER, uris.output_path(job.name, name)))
        return outputs

    async def _register_outputs(self, job: Resource, outputs: dict[str, Path]) -> None:
        """Outputs that ask for a name become models, or data, of that name."""
        for name, output in (job.properties.get("outputs") or {}).items():
            if name in outputs and output.get("assetName"):
                self._register(job, name, output)

    def _register(self, job: Resource, name: str, output: Json) -> None:
        is_model = "model" in output.get("jobOutputType", "")
        uri = uris.long_uri(self._state, job.workspace, f"azureml://jobs/{job.name}/outputs/{name}/paths/")
        container = f"{job.workspace}/{'models' if is_model else 'data'}/{output['assetName']}"
        version = output.get("assetVersion") or versions.next_version(self._state, container)
        path = f"{container}/versions/{version}"
        if self._state.resources.get(path) is not None:
            raise JobFailed(f"Output '{name}': {output['assetName']}:{version} is already registered.")
        shared = {"tags": {}, "properties": {}, "isArchived": False, "isAnonymous": False}
        if not is_model:
            versions.store_version(self._state, path, shared | {"dataUri": uri, "dataType": "uri_folder"})
            return
        properties = shared | {"modelUri": uri, "flavors": {}, "jobName": job.name}
        properties["modelType"] = output["jobOutputType"]
        versions.store_version(self._state, path, properties)
        workspace_id = self._state.workspace_id(job.workspace)
        self._state.outbox.publish(shapes.model_registered(workspace_id, output["assetName"], str(version), properties))


def graph_of(state: State, path: str, properties: Json) -> Graph:
    inputs: dict[str, Value] = {name: value(item) for name, item in (properties.get("inputs") or {}).items()}
    return Graph(state, path, properties.get("jobs") or {}, inputs)


def _is_job(resource: Resource) -> bool:
    parts = resource.path.split("/")
    return len(parts) == 3 and parts[1] == "jobs"
