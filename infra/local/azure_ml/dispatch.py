"""From a request to its handler: who asks, where to, may they, does it exist."""

import json
from typing import Any

from aiohttp import web

from infra.local.azure_ml import arm, rights, routes
from infra.local.azure_ml.answer import Answer, Lro
from infra.local.azure_ml.arm import ArmError
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.config import Identity
from infra.local.azure_ml.emulator import Emulator
from infra.local.azure_ml.resources import CALLER
from infra.local.azure_ml.routes import Route
from infra.local.azure_ml.state import State

_HISTORY = "/history/v1.0"


async def dispatch(emulator: Emulator, request: web.Request, lro: Lro | None) -> Answer:
    """Answer one request; raises `ArmError` for what Azure would refuse."""
    body, base, path = await _body(request), f"https://{request.host}", request.path.strip("/")

    def call(workspace: str, names: dict[str, str]) -> Call:
        parts = (emulator.state, emulator.operations, emulator.runner)
        return Call(*parts, workspace, names, body, dict(request.query), base, f"{base}{request.path}", lro)

    if found := routes.find(routes.OPEN, request.method, path):
        route, names = found
        return await route.handler(call("-", names))
    caller = emulator.state.identities.authenticate(request.headers.get("Authorization"))
    if found := routes.find(routes.OPERATIONS, request.method, path):
        route, names = found
        return await route.handler(call("-", names))
    target, route, names = _target(request)
    workspace = emulator.state.workspace(target.workspace) or target.workspace
    _check_right(emulator.state, caller.identity, workspace, target.rest, route)
    CALLER.set((caller.identity.name, caller.identity.type))
    _check_exists(emulator.state, target)
    _check_version(request)
    return await route.handler(call(workspace, names))


async def _body(request: web.Request) -> dict[str, Any]:
    content = await request.read()
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError as error:
        raise arm.bad_request("The request body is not JSON.", "InvalidRequestContent") from error
    if not isinstance(body, dict):
        raise arm.bad_request("The request body must be a JSON object.", "InvalidRequestContent")
    return body


def _target(request: web.Request) -> tuple[arm.Target, Route, dict[str, str]]:
    """The workspace, the operation in it, and the names in its path; raises `ArmError` 404."""
    is_history = request.path.startswith(_HISTORY)
    target = arm.parse(request.path.removeprefix(_HISTORY))
    known = routes.HISTORY if is_history else routes.ROUTES
    found = routes.find(known, request.method, target.rest) if target else None
    if target is None or found is None:
        raise ArmError(404, "NotImplementedLocally", f"No operation {request.method} {request.path} on this machine.")
    return target, *found


def _check_right(state: State, identity: Identity, workspace: str, rest: str, route: Route) -> None:
    """Raise `ArmError` 403 unless this identity may; before anything is said about what exists."""
    rights.check(identity, workspace, route.action, f"{state.workspace_id(workspace)}/{rest}".rstrip("/"))


def _check_exists(state: State, target: arm.Target) -> None:
    config = state.config
    if target.subscription.lower() != str(config.subscription_id):
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{target.subscription}' could not be found.")
    if target.group.lower() != config.resource_group.lower():
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{target.group}' could not be found.")
    if state.workspace(target.workspace) is None:
        raise arm.not_found(f"workspace {target.workspace}")


def _check_version(request: web.Request) -> None:
    """Resource Manager wants a version of its API; the run history does not."""
    if not request.path.startswith(_HISTORY) and "api-version" not in request.query:
        missing = "The api-version query parameter (?api-version=) is required."
        raise arm.bad_request(missing, "MissingApiVersionParameter")
