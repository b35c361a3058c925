"""Run history: the data plane the client asks for logs, children and changes of a job."""

import hashlib
import hmac
from typing import Any

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import not_found
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.events.shapes import experiment_id
from infra.local.azure_ml.jobs import lifecycle
from infra.local.azure_ml.jobs.command import LOG
from infra.local.azure_ml.resources import Json, Resource


async def discovery(call: Call) -> Answer:
    """Every data plane service is this server."""
    services = ("api", "history", "experimentation", "catalog", "hyperdrive", "labeling", "modelmanagement", "studio")
    return Answer(200, dict.fromkeys(services, call.base))


async def get_run(call: Call) -> Answer:
    return Answer(200, _run(call, call.find("jobs/{run}")))


async def get_details(call: Call) -> Answer:
    job = call.find("jobs/{run}")
    details = _run(call, job) | {
        "logFiles": _log_files(call, job),
        "warnings": [],
        "inputDatasets": [],
        "runUuid": job.name,
    }
    return Answer(200, details)


async def list_children(call: Call) -> Answer:
    parent = call.find("jobs/{run}")
    children = [job for job in call.state.resources.children(call.path("jobs")) if job.meta["parent"] == parent.name]
    return Answer(200, {"value": [_run(call, job) for job in children]})


async def patch_run(call: Call) -> Answer:
    """What may change in a job after its submission: `hidden` archives it."""
    job = call.find("jobs/{run}")
    if call.body.get("hidden") is not None:
        job.properties["isArchived"] = bool(call.body["hidden"])
    for field in ("tags", "properties"):
        job.properties[field] = (job.properties.get(field) or {}) | (call.body.get(field) or {})
    for field in ("displayName", "description"):
        if call.body.get(field) is not None:
            job.properties[field] = call.body[field]
    call.state.resources.put(job)
    return Answer(200, _run(call, job))


async def get_log(call: Call) -> Answer:
    """The log as text. The signature in the address is the right to read it, as with a SAS."""
    job = call.state.resources.get(f"{call.names['workspace']}/jobs/{call.names['run']}")
    signature = call.query.get("sig", "")
    if job is None or not hmac.compare_digest(signature, _signature(call, job)):
        raise not_found("log")
    file = call.state.job_folder(job.path) / LOG
    return Answer(200, file.read_text(errors="replace") if file.is_file() else "")


def _run(call: Call, job: Resource) -> Json:
    properties = job.properties
    experiment = properties["experimentName"]
    error = job.meta.get("error")
    run: dict[str, Any] = {
        "runId": job.name,
        "status": lifecycle.status_of(job),
        "experimentId": experiment_id(call.state.workspace_id(call.workspace), experiment),
        "experimentName": experiment,
        "displayName": properties["displayName"],
        "description": properties.get("description"),
        "runType": job.meta["run_type"],
        "runTypeV2": {"orchestrator": None, "traits": []},
        "parentRunId": job.meta["parent"],
        "rootRunId": job.meta["parent"] or job.name,
        "createdBy": _created_by(call, job),
        "createdUtc": job.body["systemData"]["createdAt"],
        "startTimeUtc": lifecycle.when(job, "Running"),
        "endTimeUtc": lifecycle.when(job, *lifecycle.TERMINAL),
        "tags": properties["tags"] or {},
        "properties": properties["properties"] or {},
        "hidden": bool(properties.get("isArchived")),
        "error": {"error": error} if error else None,
    }
    return run


def _created_by(call: Call, job: Resource) -> Json | None:
    """Here alone Azure ML tells a person's object id; their name is the one that is displayed."""
    name = job.body["systemData"]["createdBy"]
    found = next((each for each in call.state.config.identities if each.name == name), None)
    if found is None:
        return None
    return {"userObjectId": str(found.oid), "userTenantId": str(call.state.config.tenant_id), "userName": name}


def _log_files(call: Call, job: Resource) -> dict[str, str]:
    if not (call.state.job_folder(job.path) / LOG).is_file():
        return {}
    return {LOG: f"{call.base}/logs/{call.workspace}/{job.name}?sig={_signature(call, job)}"}


def _signature(call: Call, job: Resource) -> str:
    return hmac.new(call.state.secret, job.path.encode(), hashlib.sha256).hexdigest()
