"""Jobs of Azure ML: submitted by one PUT under our own name, without uploading anything."""

from typing import Any

from shared.adapters.azure.machine_learning.errors import Exists, UnknownOutcome
from shared.adapters.azure.machine_learning.texts import plain
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.events import JobRef
from shared.ports import Absent, CommandJob, Creator, JobRequest, Jobs, JobState, PipelineJob, Refused

_LOG, _AGENT, _LONGEST = "std_log.txt", "Appinsights Reachable", 500
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
                "jobs",
                f"submit job {request.ref.name}",
                lambda client: client.jobs.create_or_update(_job(request)),
            )
        except (Exists, UnknownOutcome):
            if await self.state(request.ref) == "absent":
                raise

    async def state(self, ref: JobRef) -> JobState:
        try:
            status = await self._workspaces.call(
                ref.workspace, "jobs", f"read job {ref.name}", lambda client: _status(client, ref.name)
            )
        except Absent:
            return "absent"
        return _ENDED.get(status.lower().replace("_", ""), "running")

    async def last_words(self, ref: JobRef) -> str:
        return await self._workspaces.call(
            ref.workspace, "jobs", f"read why job {ref.name} failed", lambda client: _last_words(client, ref.name)
        )

    async def creator(self, ref: JobRef) -> Creator:
        return await self._workspaces.call(
            ref.workspace, "jobs", f"read who created job {ref.name}", lambda client: _creator(client, ref.name)
        )

    async def cancel(self, ref: JobRef) -> None:
        if await self._ended(ref):
            return
        try:
            await self._workspaces.call(
                ref.workspace, "jobs", f"cancel job {ref.name}", lambda client: _begin_cancel(client, ref.name)
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
    return plain(client.jobs.get(name).status)


def _creator(client: Any, name: str) -> Creator:
    """The job itself says of which type; only the run history, which the client keeps to itself, knows object ids."""
    created = client.jobs.get(name).creation_context
    by = client.jobs._runs_operations.get_run_details(name).created_by
    found = getattr(by, "upn", None) or getattr(by, "user_name", None) or getattr(created, "created_by", None)
    return Creator(
        type=plain(getattr(created, "created_by_type", "")),
        name=plain(found),
        object_id=plain(getattr(by, "user_object_id", "")),
    )


def _last_words(client: Any, name: str) -> str:
    """The run history alone has them: the error ends in the last lines of the log, then the agent's own."""
    details = client.jobs._runs_operations.get_run_details(name)
    said = plain(getattr(getattr(details.error, "error", None), "message", ""))
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith(_AGENT)]
    log = next((each for each in details.log_files or () if each.endswith(_LOG)), None)
    place = f"its log is {log} of job {name}" if log else ""
    return "; ".join(filter(None, (lines[-1][:_LONGEST] if lines else "", place)))


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
