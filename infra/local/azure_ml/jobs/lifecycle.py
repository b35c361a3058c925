"""The state of a job: every change is written down and announced."""

from infra.local.azure_ml.events import shapes
from infra.local.azure_ml.resources import Json, Resource, system_data, utc_now
from infra.local.azure_ml.state import State

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
WAITING = frozenset({"NotStarted", "Queued"})
_RUN_TYPES = {"Command": "azureml.scriptrun", "Pipeline": "azureml.PipelineRun"}


def create(
    state: State, path: str, properties: Json, definition: Json | None = None, parent: str | None = None
) -> Resource:
    """A new job as NotStarted. A pipeline's child has a `parent`: the name of the job it belongs to."""
    name = path.rsplit("/", 1)[-1]
    services = {
        kind: {"jobServiceType": kind, "endpoint": f"https://localhost/{kind.lower()}/{name}", "status": None}
        for kind in ("Tracking", "Studio")
    }
    complete = {"experimentName": "Default", "displayName": name, "tags": {}, "properties": {}} | properties
    complete |= {"status": "NotStarted", "services": services}
    body = state.envelope(path) | {"properties": complete, "systemData": system_data()}
    run_type = "azureml.StepRun" if parent else _RUN_TYPES[properties["jobType"]]
    meta: Json = {"definition": definition, "submits": 1, "parent": parent, "run_type": run_type, "history": []}
    job = state.resources.put(Resource(path, body, meta))
    move(state, path, "NotStarted")
    return job


def move(state: State, path: str, status: str, error: Json | None = None) -> None:
    """Set the status; a job that has ended stays as it ended."""
    job = state.resources.get(path)
    if job is None or status_of(job) in TERMINAL:
        return
    job.properties["status"] = status
    job.meta["history"].append([status, utc_now()])
    if error is not None:
        job.meta["error"] = error
    state.resources.put(job)
    workspace_id, run_type = state.workspace_id(job.workspace), job.meta["run_type"]
    state.outbox.publish(shapes.run_status_changed(workspace_id, job.name, run_type, job.properties))
    if status == "Completed":
        state.outbox.publish(shapes.run_completed(workspace_id, job.name, run_type, job.properties))


def fail(state: State, path: str, message: str, code: str = "UserError") -> None:
    move(state, path, "Failed", {"code": code, "message": message})


def status_of(job: Resource) -> str:
    return str(job.properties["status"])


def when(job: Resource, *statuses: str) -> str | None:
    """The time of the first of these statuses, or None."""
    return next((at for status, at in job.meta["history"] if status in statuses), None)
