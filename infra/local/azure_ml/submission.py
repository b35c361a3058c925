"""Jobs over the wire: submitted once per name, read, listed, cancelled."""

import re
from uuid import uuid4

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import PROVIDER, bad_request, conflict, not_found, page
from infra.local.azure_ml.call import Call, listed
from infra.local.azure_ml.jobs import lifecycle
from infra.local.azure_ml.jobs.runner import graph_of
from infra.local.azure_ml.jobs.work import from_command
from infra.local.azure_ml.operations import POLL_AFTER_S
from infra.local.azure_ml.resources import Json, Resource

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$")
# What the client finds out about its own checkout, and what only the service writes.
_VOLATILE = ("mlflow.source.git", "azureml.git", "_azureml")
_SERVED = frozenset({"isArchived", "status", "services"})


async def put(call: Call) -> Answer:
    """The same definition under the same name is the same job; another one is refused with 409."""
    if not _NAME.match(call.names["job"]):
        raise bad_request(f"'{call.names['job']}' is not a valid job name.")
    properties = call.properties()
    existing = call.state.resources.get(call.path("jobs/{job}"))
    if existing is not None:
        return _again(call, existing, properties)
    _check(call, properties)
    job = lifecycle.create(call.state, call.path("jobs/{job}"), properties, definition=comparable(properties))
    call.runner.start(job.path)
    return Answer(201, job.body)


def _again(call: Call, job: Resource, properties: Json) -> Answer:
    job.meta["submits"] += 1
    same = job.meta["definition"] == comparable(properties)
    if same:
        job.properties["isArchived"] = bool(properties.get("isArchived"))
    call.state.resources.put(job)
    if not same:
        raise conflict(f"A job named {job.name} already exists with a different definition.")
    return Answer(200, job.body)


def comparable(properties: Json) -> Json:
    """What makes two submissions the same job."""
    kept = {key: value for key, value in properties.items() if key not in _SERVED}
    own = kept.get("properties") or {}
    kept["properties"] = {key: value for key, value in own.items() if not key.startswith(_VOLATILE)}
    return kept


def _check(call: Call, properties: Json) -> None:
    kind = properties.get("jobType")
    if kind == "Command":
        from_command(call.state, call.workspace, properties)
    elif kind == "Pipeline":
        if not properties.get("jobs"):
            raise bad_request("A pipeline needs at least one step in 'jobs'.")
        graph_of(call.state, call.path("jobs/{job}"), properties).check()
    else:
        raise bad_request(f"Jobs of type '{kind}' cannot run here, only Command and Pipeline.")


async def get(call: Call) -> Answer:
    """A child of a pipeline answers without properties: the client then asks the run history, as with Azure."""
    job = call.find("jobs/{job}")
    return Answer(200, job.body | {"properties": None} if job.meta["parent"] else job.body)


async def listing(call: Call) -> Answer:
    jobs = [job for job in call.state.resources.indexed(call.path("jobs")) if job.meta["parent"] is None]
    found = listed(call, jobs)[::-1]
    if kind := call.option("jobType"):
        found = [job for job in found if job.properties["jobType"] == kind]
    if tag := call.option("tag"):
        found = [job for job in found if _has_tag(job, tag)]
    return Answer(200, page([job.body for job in found], call.url, call.query))


def _has_tag(job: Resource, tag: str) -> bool:
    name, equals, wanted = tag.partition("=")
    tags = job.properties["tags"] or {}
    return name in tags and (not equals or tags[name] == wanted)


async def cancel(call: Call) -> Answer:
    job = call.find("jobs/{job}")
    if lifecycle.status_of(job) in lifecycle.TERMINAL:
        raise bad_request(f"Job {job.name} is already {lifecycle.status_of(job)}.")
    call.runner.cancel(job.path)
    if call.state.config.operations == "fast" and call.lro is None:
        return Answer(200)
    identifier = str(uuid4())
    meta = {"job": job.path, "outcome": call.lro.outcome if call.lro else "succeed"}
    call.state.resources.put(Resource(f"-/cancellations/{identifier}", {"name": identifier}, meta))
    root = f"/subscriptions/{call.state.config.subscription_id}/providers/{PROVIDER}/locations/local"
    url = f"{call.base}{root}/mfeOperationResults/{identifier}?api-version=2023-04-01"
    return Answer(202, None, {"Location": url, "Retry-After": POLL_AFTER_S})


async def delete(call: Call) -> Answer:
    """Its record, and nothing of what it wrote; one that has not ended stays."""
    job = call.state.resources.get(call.path("jobs/{job}"))
    if job is None:
        return Answer(204)
    if lifecycle.status_of(job) not in lifecycle.TERMINAL:
        raise conflict(f"Job {job.name} is {lifecycle.status_of(job)}: cancel it first.")
    call.state.resources.delete(job.path)
    return Answer(200)


async def cancellation(call: Call) -> Answer:
    """202 until the job has ended, then 200."""
    found = call.state.resources.get(f"-/cancellations/{call.names['operation']}")
    if found is None:
        raise not_found(f"operation {call.names['operation']}")
    job = call.state.resources.get(found.meta["job"])
    if found.meta["outcome"] == "fail":
        raise conflict("The job could not be canceled: the operation was made to fail.")
    ended = job is None or lifecycle.status_of(job) in lifecycle.TERMINAL
    if ended and found.meta["outcome"] == "succeed":
        return Answer(200)
    return Answer(202, None, {"Location": call.url, "Retry-After": POLL_AFTER_S})
