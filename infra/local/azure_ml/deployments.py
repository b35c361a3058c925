"""Online deployments: kept and announced. Nothing is served from here: the scoring app serves."""

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import bad_request, page, parse_asset
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.events import shapes
from infra.local.azure_ml.resources import Resource, system_data
from infra.local.azure_ml.state import State

_PATTERN = "onlineEndpoints/{endpoint}/deployments/{deployment}"


async def put(call: Call) -> Answer:
    endpoint = call.find("onlineEndpoints/{endpoint}")
    path = call.path(_PATTERN)
    existing = call.state.resources.get(path)
    call.operations.check_idle(endpoint, existing)
    properties = {"scaleSettings": {"scaleType": "Default"}} | call.properties()
    _check_model(call, properties.get("model"))
    body = call.state.envelope(path) | {
        "location": call.body.get("location", "local"),
        "sku": call.body.get("sku") or {"name": "Default", "capacity": 1},
        "tags": call.body.get("tags") or {},
        "properties": properties,
        "systemData": system_data(existing),
    }
    return call.operations.put(call, path, body)


async def get(call: Call) -> Answer:
    return Answer(200, call.find(_PATTERN).body)


async def listing(call: Call) -> Answer:
    call.find("onlineEndpoints/{endpoint}")
    found = call.state.resources.children(call.path("onlineEndpoints/{endpoint}/deployments"))
    return Answer(200, page([item.body for item in found], call.url, call.query))


async def delete(call: Call) -> Answer:
    deployment = call.state.resources.get(call.path(_PATTERN))
    if deployment is None:
        return Answer(204)
    endpoint = call.find("onlineEndpoints/{endpoint}")
    call.operations.check_idle(endpoint, deployment)
    traffic = endpoint.properties.get("traffic") or {}
    mirror = endpoint.properties.get("mirrorTraffic") or {}
    if traffic.get(deployment.name) or mirror.get(deployment.name):
        raise bad_request(f"Deployment '{deployment.name}' still has traffic and cannot be deleted.")
    return call.operations.delete(call, deployment)


async def get_logs(call: Call) -> Answer:
    deployment = call.find(_PATTERN)
    state, changed = deployment.properties["provisioningState"], deployment.body["systemData"]["lastModifiedAt"]
    return Answer(200, {"content": f"{changed} deployment {deployment.name}: {state}; no container runs locally\n"})


def announce(state: State, resource: Resource) -> None:
    """Publish ModelDeployed for a deployment that succeeded; other resources are not announced."""
    parts = resource.path.split("/")
    if len(parts) != 5 or parts[3] != "deployments":
        return
    model = parse_asset(resource.properties.get("model") or "")
    models = [f"{model.name}:{model.version}"] if model else []
    state.outbox.publish(shapes.model_deployed(state.workspace_id(resource.workspace), parts[2], models, resource.body))


def _check_model(call: Call, reference: object) -> None:
    if reference is None:
        return
    asset = parse_asset(str(reference))
    if asset is None:
        raise bad_request(f"properties.model '{reference}' is not the id of a model.")
    if call.state.resources.get(f"{call.workspace}/models/{asset.name}/versions/{asset.version}") is None:
        raise bad_request(f"Model {asset.name}:{asset.version} is not registered.")
