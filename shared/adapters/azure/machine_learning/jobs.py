"""Jobs of Azure ML: submitted by one PUT under our own name, without uploading anything."""

from typing import Any

from shared.adapters.azure.machine_learning.errors import Exists, UnknownOutcome
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.events import JobRef
from shared.ports import Absent, CommandJob, JobRequest, Jobs, JobState, PipelineJob, Refused

_ENDED: dict[str, JobState] = {
    "completed": "completed",
    "failed": "failed",
    "canceled": "canceled",
    "notresponding": "not_responding",
}


class AzureMLJobs(Jobs):
    def __init__(self, workspaces: AzureMLWorkspaces) -> None:
        self._workspaces = workspaces

    async def submit(self, request: JobRequest) -> None:
        if await self.state(request.ref) != "absent":
            return
        try:
            await self._workspaces.call(
                request.ref.workspace,
                f"submit job {request.ref.name}",
                lambda client: client.jobs.create_or_update(_job(request)),
            )
        except (Exists, UnknownOutcome):
            if await self.state(request.ref) == "absent":
                raise

    async def state(self, ref: JobRef) -> JobState:
        try:
            status = await self._workspaces.call(
                ref.workspace, f"read job {ref.name}", lambda client: _status(client, ref.name)
            )
        except Absent:
            return "absent"
        return _ENDED.get(status.lower().replace("_", ""), "running")

    async def cancel(self, ref: JobRef) -> None:
        if await self._ended(ref):
            return
        try:
            await self._workspaces.call(
                ref.workspace, f"cancel job {ref.name}", lambda client: _begin_cancel(client, ref.name)
            )
        except (Refused, UnknownOutcome):
            if not await self._ended(ref):
                raise

    async def _ended(self, ref: JobRef) -> bool:
        state = await self.state(ref)
        if state == "absent":
            raise Absent(f"job {ref.name} does not exist")
        return state != "running"


def _status(client: Any, name: str) -> str:
    """The SDK gives a text or an enumeration's member, whose own text is another."""
    status = client.jobs.get(name).status
    return str(getattr(status, "value", status))


def _begin_cancel(client: Any, name: str) -> None:
    """Asks, and does not wait: what becomes of the job is learnt from its event or a deadline."""
    client.jobs.begin_cancel(name)


def _job(request: JobRequest) -> Any:
    match request.work:
        case CommandJob() as work:
            return _command(request, work)
        case PipelineJob() as work:
            return _pipeline(request, work)


def _about(request: JobRequest) -> dict[str, Any]:
    name = request.ref.name
    return {"name": name, "display_name": name, "experiment_name": request.experiment, "tags": dict(request.tags)}


def _seconds(request: JobRequest) -> int:
    return max(1, int(request.timeout.total_seconds()))


def _command(request: JobRequest, work: CommandJob) -> Any:
    from azure.ai.ml import command

    job = command(
        **_about(request),
        command=work.command,
        environment=f"azureml:{work.environment}",
        compute=work.compute,
        environment_variables=dict(work.variables),
    )
    job.set_limits(timeout=_seconds(request))
    return job


def _pipeline(request: JobRequest, work: PipelineJob) -> Any:
    """One step, whose output is the pipeline's own output of the same name."""
    from azure.ai.ml import Output, entities

    step = entities.Command(
        name="step",
        component=f"azureml:{work.component}",
        inputs=dict(work.inputs),
        outputs={work.output: f"${{{{parent.outputs.{work.output}}}}}"},
    )
    step.set_limits(timeout=_seconds(request))
    return entities.PipelineJob(
        **_about(request),
        jobs={"step": step},
        outputs={work.output: Output(type="uri_folder")},
        settings=entities.PipelineJobSettings(default_compute=work.compute),
    )
