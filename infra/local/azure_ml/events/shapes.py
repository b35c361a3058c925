"""The documented events as CloudEvents 1.0, with the field names and casing of their documentation."""

from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from infra.local.azure_ml.resources import utc_now

Event = dict[str, Any]
_PREFIX = "Microsoft.MachineLearningServices."
MODEL_REGISTERED = f"{_PREFIX}ModelRegistered"
MODEL_DEPLOYED = f"{_PREFIX}ModelDeployed"
RUN_COMPLETED = f"{_PREFIX}RunCompleted"
RUN_STATUS_CHANGED = f"{_PREFIX}RunStatusChanged"
BLOB_CREATED = "Microsoft.Storage.BlobCreated"
TYPES = (MODEL_REGISTERED, MODEL_DEPLOYED, RUN_COMPLETED, RUN_STATUS_CHANGED)


def model_registered(workspace_id: str, name: str, version: str, properties: dict[str, Any]) -> Event:
    """Numeric versions are numbers, as in the documented sample."""
    data = {
        "ModelName": name,
        "ModelVersion": int(version) if version.isdecimal() and str(int(version)) == version else version,
        "ModelTags": properties.get("tags") or {},
        "ModelProperties": properties.get("properties") or {},
    }
    return _event(workspace_id, MODEL_REGISTERED, f"models/{name}:{version}", data)


def model_deployed(workspace_id: str, endpoint: str, models: list[str], deployment: dict[str, Any]) -> Event:
    data = {
        "ServiceName": endpoint,
        "ServiceComputeType": deployment["properties"].get("endpointComputeType", "Managed"),
        "ModelIds": ",".join(models),
        "ServiceTags": deployment.get("tags") or {},
        "ServiceProperties": deployment["properties"].get("properties") or {},
    }
    return _event(workspace_id, MODEL_DEPLOYED, f"endpoints/{endpoint}", data)


def run_completed(workspace_id: str, run: str, run_type: str, properties: dict[str, Any]) -> Event:
    return _run_event(RUN_COMPLETED, workspace_id, run, run_type, properties)


def run_status_changed(workspace_id: str, run: str, run_type: str, properties: dict[str, Any]) -> Event:
    event = _run_event(RUN_STATUS_CHANGED, workspace_id, run, run_type, properties)
    event["data"]["runStatus"] = properties["status"]
    return event


def blob_created(account_id: str, container: str, name: str, url: str, etag: str, size: int, kind: str) -> Event:
    """`url` is the blob's address; ETag with its quotes, as the documented sample has it."""
    data = {
        "api": "PutBlob",
        "clientRequestId": str(uuid4()),
        "requestId": str(uuid4()),
        "eTag": etag,
        "contentType": kind,
        "contentLength": size,
        "blobType": "BlockBlob",
        "url": url,
        "sequencer": uuid4().hex,
        "storageDiagnostics": {"batchId": str(uuid4())},
    }
    subject = f"/blobServices/default/containers/{container}/blobs/{name}"
    return _event(account_id, BLOB_CREATED, subject, data)


def experiment_id(workspace_id: str, experiment: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{workspace_id.lower()}/experiments/{experiment}"))


def _run_event(kind: str, workspace_id: str, run: str, run_type: str, properties: dict[str, Any]) -> Event:
    experiment = properties.get("experimentName") or "Default"
    identifier = experiment_id(workspace_id, experiment)
    data = {
        "experimentId": identifier,
        "experimentName": experiment,
        "runId": run,
        "runType": run_type,
        "runTags": properties.get("tags") or {},
        "runProperties": properties.get("properties") or {},
    }
    return _event(workspace_id, kind, f"experiments/{identifier}/runs/{run}", data)


def _event(workspace_id: str, kind: str, subject: str, data: dict[str, Any]) -> Event:
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": workspace_id,
        "type": kind,
        "subject": subject,
        "time": utc_now(),
        "data": data,
    }
