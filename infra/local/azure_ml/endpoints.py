"""Online endpoints: traffic and mirror rules, keys."""

import hashlib

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import bad_request, page
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.resources import Json, Resource, system_data


async def put(call: Call) -> Answer:
    """Replace the whole endpoint: the last writer wins, as in Azure, which has no ETag here."""
    path = call.path("onlineEndpoints/{endpoint}")
    existing = call.state.resources.get(path)
    deployments = _deployments(call)
    call.operations.check_idle(existing, *deployments)
    properties = dict(call.properties())
    _check_traffic(properties, {item.name for item in deployments})
    host = f"{call.base}/local/{call.workspace}/{call.names['endpoint']}"
    properties |= {"scoringUri": f"{host}/score", "swaggerUri": f"{host}/swagger.json"}
    body = call.state.envelope(path) | {
        "location": call.body.get("location", "local"),
        "identity": call.body.get("identity") or {"type": "SystemAssigned"},
        "kind": "Managed",
        "tags": call.body.get("tags") or {},
        "properties": properties,
        "systemData": system_data(existing),
    }
    return call.operations.put(call, path, body)


async def get(call: Call) -> Answer:
    return Answer(200, call.find("onlineEndpoints/{endpoint}").body)


async def listing(call: Call) -> Answer:
    found = call.state.resources.children(call.path("onlineEndpoints"))
    return Answer(200, page([item.body for item in found], call.url, call.query))


async def delete(call: Call) -> Answer:
    endpoint = call.state.resources.get(call.path("onlineEndpoints/{endpoint}"))
    if endpoint is None:
        return Answer(204)
    call.operations.check_idle(endpoint, *_deployments(call))
    return call.operations.delete(call, endpoint)


async def list_keys(call: Call) -> Answer:
    endpoint = call.find("onlineEndpoints/{endpoint}")
    keys = {f"{kind}Key": _key(endpoint, kind) for kind in ("primary", "secondary")}
    return Answer(200, keys)


def _key(endpoint: Resource, kind: str) -> str:
    created = endpoint.body["systemData"]["createdAt"]
    return hashlib.sha256(f"{endpoint.path}/{created}/{kind}".encode()).hexdigest()


def _deployments(call: Call) -> list[Resource]:
    return list(call.state.resources.children(call.path("onlineEndpoints/{endpoint}/deployments")))


def _check_traffic(properties: Json, known: set[str]) -> None:
    traffic: dict[str, int] = properties.get("traffic") or {}
    mirror: dict[str, int] = properties.get("mirrorTraffic") or {}
    for name in (*traffic, *mirror):
        if name not in known:
            raise bad_request(f"Traffic names deployment '{name}', which does not exist.")
    if sum(traffic.values()) not in (0, 100) or any(not 0 <= share <= 100 for share in traffic.values()):
        raise bad_request(f"The traffic must sum to 0 or 100, not {sum(traffic.values())}.")
    mirrored = {name: share for name, share in mirror.items() if share}
    if len(mirrored) > 1:
        raise bad_request("Traffic can be mirrored to one deployment only.")
    for name, share in mirrored.items():
        if not 0 < share <= 50:
            raise bad_request(f"At most 50 percent of the traffic can be mirrored, not {share}.")
        if traffic.get(name):
            raise bad_request(f"Deployment '{name}' has live traffic and cannot have mirrored traffic as well.")
