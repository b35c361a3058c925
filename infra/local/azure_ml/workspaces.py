"""The workspace itself, its compute, its datastores and its schedules."""

from uuid import NAMESPACE_URL, uuid5

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import not_found, page
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.resources import Json, Resource, system_data, utc_now
from infra.local.azure_ml.storage import CONTAINER
from infra.local.azure_ml.uris import DEFAULT_DATASTORE


async def get(call: Call) -> Answer:
    identifier = call.state.workspace_id(call.workspace)
    properties = {
        "workspaceId": str(uuid5(NAMESPACE_URL, identifier.lower())),
        "discoveryUrl": f"{call.base}/discovery",
        "friendlyName": call.workspace,
        "provisioningState": "Succeeded",
        "storageAccount": call.state.storage_account_id(),
    }
    body = {
        "id": identifier,
        "name": call.workspace,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": "local",
        "kind": "Default",
        "identity": {"type": "SystemAssigned"},
        "properties": properties,
    }
    return Answer(200, body)


async def get_compute(call: Call) -> Answer:
    """One compute, `local`: this machine. Jobs may name any compute and run on this one."""
    if call.names["compute"].lower() != "local":
        raise not_found(f"compute {call.names['compute']}")
    properties = {
        "computeType": "AmlCompute",
        "provisioningState": "Succeeded",
        "properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": call.state.config.max_running_jobs}},
    }
    body = call.state.envelope(call.path("computes/local"))
    return Answer(200, body | {"location": "local", "properties": properties})


async def get_datastore(call: Call) -> Answer:
    if call.names["datastore"].lower() == DEFAULT_DATASTORE:
        return Answer(200, _default_datastore(call))
    return Answer(200, call.find("datastores/{datastore}").body)


async def list_datastores(call: Call) -> Answer:
    found = [_default_datastore(call)]
    if (call.option("isDefault") or "").lower() != "true":
        found += [item.body for item in call.state.resources.children(call.path("datastores"))]
    return Answer(200, page(found, call.url, call.query))


async def put_datastore(call: Call) -> Answer:
    """Credentials in the body are dropped: every datastore is in the one storage account."""
    properties = {key: value for key, value in call.properties().items() if key != "credentials"}
    return _store(call, "datastores/{datastore}", properties | {"credentials": {"credentialsType": "Sas"}})


async def list_secrets(call: Call) -> Answer:
    body = _default_datastore(call)
    if call.names["datastore"].lower() != DEFAULT_DATASTORE:
        body = call.find("datastores/{datastore}").body
    return Answer(200, {"secretsType": "Sas", "sasToken": call.state.storage.sas(body["properties"]["containerName"])})


async def put_schedule(call: Call) -> Answer:
    return _store(call, "schedules/{schedule}", call.properties() | {"provisioningState": "Succeeded"})


async def get_schedule(call: Call) -> Answer:
    return Answer(200, call.find("schedules/{schedule}").body)


async def delete_schedule(call: Call) -> Answer:
    path = call.path("schedules/{schedule}")
    if call.state.resources.get(path) is None:
        return Answer(204)
    call.state.resources.delete(path)
    return Answer(200)


async def list_schedules(call: Call) -> Answer:
    view = call.option("listViewType") or "EnabledOnly"
    found = [
        item.body
        for item in call.state.resources.children(call.path("schedules"))
        if view == "All" or bool(item.properties.get("isEnabled", True)) == (view == "EnabledOnly")
    ]
    return Answer(200, page(found, call.url, call.query))


def _store(call: Call, pattern: str, properties: Json) -> Answer:
    path = call.path(pattern)
    existing = call.state.resources.get(path)
    body = call.state.envelope(path) | {"properties": properties, "systemData": system_data(existing)}
    call.state.resources.put(Resource(path, body, seq=existing.seq if existing else 0))
    return Answer(200 if existing else 201, body)


def _default_datastore(call: Call) -> Json:
    properties = {
        "datastoreType": "AzureBlob",
        "isDefault": True,
        "accountName": call.state.storage.account,
        "containerName": CONTAINER,
        "endpoint": "core.windows.net",
        "protocol": "https",
        "credentials": {"credentialsType": "Sas"},
    }
    body = call.state.envelope(call.path(f"datastores/{DEFAULT_DATASTORE}"))
    return body | {"properties": properties, "systemData": {"createdAt": utc_now(), "lastModifiedAt": utc_now()}}
