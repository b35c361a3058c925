"""Azure Machine Learning's events.

https://learn.microsoft.com/azure/event-grid/event-schema-machine-learning; run statuses as in the v2 SDK.
Of all tags and properties only Sluice's own chain tags go on: the others are free text that may name people.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.intake.event_grid import AzureEvent, text, texts
from shared.events import Envelope, JobEnded, JobRef, ModelRef, ModelRegistered, Unreadable, derive_id
from shared.events.jobs import JobStatus
from shared.policies import PolicyDocument

PREFIX = "microsoft.machinelearningservices."
SOURCE = "/sluice/intake"
# Longest values: a service's name, an entity (a resource id, a kind and a name), ids (36, or Event Grid's own).
_CHAIN_TAGS = {
    "sluice-service": 64,
    "sluice-entity": 1024,
    "sluice-correlationid": 256,
    "sluice-causationid": 256,
}
_ENDED: Mapping[str, JobStatus] = {
    "completed": "completed",
    "failed": "failed",
    "canceled": "canceled",
    "notresponding": "not_responding",
}
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


def translate(event: AzureEvent, policy: PolicyDocument, now: datetime) -> Envelope[Any] | None:
    """Our fact, or None when the event is not for us. Raises `Unreadable` naming the field."""
    workspace = "/" + event.resource.strip("/").lower()
    if workspace not in policy.workspace_ids:
        return None
    match event.type.lower().removeprefix(PREFIX):
        case "modelregistered":
            return _model_registered(event, workspace, now)
        case "runstatuschanged":
            return _run_ended(event, workspace, text(event.data, "runstatus"), now)
        case "runcompleted":
            return _run_ended(event, workspace, "Completed", now)
        case _:
            return None


def _model_registered(event: AzureEvent, workspace: str, now: datetime) -> Envelope[ModelRegistered]:
    tags = _chain_tags(event, "modeltags")
    name, version = text(event.data, "modelname"), text(event.data, "modelversion")
    try:
        fact = ModelRegistered(model=ModelRef(workspace=workspace, name=name, version=version), tags=tags)
    except ValidationError as error:
        raise Unreadable(f"data.model{error.errors()[0]['loc'][-1]}: {error.errors()[0]['msg']}") from error
    return _fact(event, fact, derive_id("intake", workspace, event.id), tags, now)


def _run_ended(event: AzureEvent, workspace: str, status: str, now: datetime) -> Envelope[JobEnded] | None:
    """`RunCompleted` and `RunStatusChanged` tell of the same end, so both give the same id: it is settled once."""
    ended = _ENDED.get(status.lower())
    if ended is None:
        return None
    tags = _chain_tags(event, "runtags")
    try:
        job = JobRef(workspace=workspace, name=text(event.data, "runid"))
    except ValidationError as error:
        raise Unreadable(f"data.runid: {error.errors()[0]['msg']}") from error
    fact = JobEnded(job=job, status=ended, tags=tags)
    return _fact(event, fact, derive_id("intake", str(job.entity), ended), tags, now)


def _chain_tags(event: AzureEvent, name: str) -> dict[str, str]:
    found = texts(event.data, name)
    return {tag: _tag(found, name, tag, longest) for tag, longest in _CHAIN_TAGS.items() if found.get(tag)}


def _tag(found: Mapping[str, object], name: str, tag: str, longest: int) -> str:
    try:
        return text(found, tag, longest)
    except Unreadable as error:
        raise Unreadable(f"data.{name}.{error}") from error


def _fact[E: (ModelRegistered, JobEnded)](
    event: AzureEvent, fact: E, id: str, tags: Mapping[str, str], now: datetime
) -> Envelope[E]:
    """In the chain that the tags name, if they name one credibly; else Azure's event begins a chain."""
    chain = tags.get("sluice-correlationid", "")
    return Envelope(
        id=id,
        source=SOURCE,
        time=now,
        data=fact,
        correlation_id=chain if _IDENTIFIER.fullmatch(chain) else event.id,
        causation_id=event.id,
    )
