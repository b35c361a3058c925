"""The HTTPS side: each request is counted, may meet a fault, is authenticated and authorised, then handled."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import web

from infra.local.azure_ml import arm, history, rights, routes
from infra.local.azure_ml.arm import ArmError
from infra.local.azure_ml.call import Answer, Call
from infra.local.azure_ml.emulator import Emulator
from infra.local.azure_ml.faults import Fault
from infra.local.azure_ml.jobs import submission
from infra.local.azure_ml.resources import CALLER

log = logging.getLogger(__name__)
_HISTORY = "/history/v1.0"
_MAX_BODY = 16 * 1024 * 1024


def create(emulator: Emulator) -> web.Application:
    app = web.Application(client_max_size=_MAX_BODY)

    async def handle(request: web.Request) -> web.StreamResponse:
        emulator.requests[(request.method, request.path)] += 1
        fault = emulator.faults.take(request.method, request.path)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if fault.status is not None:
                return _injected(fault)
        answer = await _answer(emulator, request, fault)
        return await _send(request, answer, fault)

    app.router.add_route("*", "/{path:.*}", handle)
    return app


async def _answer(emulator: Emulator, request: web.Request, fault: Fault | None) -> Answer:
    try:
        return await _dispatch(emulator, request, fault)
    except ArmError as error:
        return Answer(error.status, error.body())
    except Exception as error:
        log.exception("%s %s", request.method, request.path)
        return Answer(500, ArmError(500, "InternalServerError", type(error).__name__).body())


async def _dispatch(emulator: Emulator, request: web.Request, fault: Fault | None) -> Answer:
    call = _call(emulator, request, await _body(request), fault)
    if request.path == "/discovery":
        return await history.discovery(call)
    parts = request.path.strip("/").split("/")
    if parts[0] == "logs" and len(parts) == 3:
        return await history.get_log(_with(call, parts[1], {"run": parts[2]}))
    caller = emulator.identities.authenticate(request.headers.get("Authorization"))
    if parts[-2:-1] == ["mfeOperationsStatus"]:
        return emulator.operations.status(parts[-1])
    if parts[-2:-1] == ["mfeOperationResults"]:
        return submission.cancellation(_with(call, "-", {"operation": parts[-1]}))
    is_history = request.path.startswith(_HISTORY)
    target = arm.parse(request.path.removeprefix(_HISTORY))
    found = (
        routes.find(routes.HISTORY if is_history else routes.ROUTES, request.method, target.rest) if target else None
    )
    if target is None or found is None:
        raise ArmError(404, "NotImplementedLocally", f"No operation {request.method} {request.path} on this machine.")
    route, names = found
    workspace = emulator.workspace(target.workspace) or target.workspace
    scope = f"{emulator.workspace_id(workspace)}/{target.rest}".rstrip("/")
    rights.check(caller.identity, workspace, route.action, scope)
    CALLER.set((caller.identity.name, caller.identity.type))
    _check_exists(emulator, target)
    if not is_history and "api-version" not in request.query:
        raise arm.bad_request(
            "The api-version query parameter (?api-version=) is required.", "MissingApiVersionParameter"
        )
    return await route.handler(_with(call, workspace, names))


def _check_exists(emulator: Emulator, target: arm.Target) -> None:
    config = emulator.config
    if target.subscription.lower() != str(config.subscription_id):
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{target.subscription}' could not be found.")
    if target.group.lower() != config.resource_group.lower():
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{target.group}' could not be found.")
    if emulator.workspace(target.workspace) is None:
        raise arm.not_found(f"workspace {target.workspace}")


def _call(emulator: Emulator, request: web.Request, body: dict[str, Any], fault: Fault | None) -> Call:
    base = f"https://{request.host}"
    return Call(
        emulator, "", {}, body, dict(request.query), base, f"{base}{request.path}", fault.lro if fault else None
    )


def _with(call: Call, workspace: str, names: dict[str, str]) -> Call:
    return Call(call.emulator, workspace, names, call.body, call.query, call.base, call.url, call.lro)


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


def _injected(fault: Fault) -> web.Response:
    status = fault.status or 500
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    error = ArmError(status, "TooManyRequests" if status == 429 else "InjectedFault", "This answer was asked for.")
    return web.json_response(error.body(), status=status, headers=headers)


async def _send(request: web.Request, answer: Answer, fault: Fault | None) -> web.StreamResponse:
    content, kind = _content(answer)
    if fault is not None and (fault.answer_lost or fault.truncate):
        return await _break_off(request, answer, content, torn=fault.truncate and not fault.answer_lost)
    return web.Response(status=answer.status, body=content, content_type=kind, charset="utf-8", headers=answer.headers)


def _content(answer: Answer) -> tuple[bytes, str]:
    if isinstance(answer.body, str):
        return answer.body.encode(), "text/plain"
    return (b"" if answer.body is None else json.dumps(answer.body).encode()), "application/json"


async def _break_off(request: web.Request, answer: Answer, content: bytes, torn: bool) -> web.StreamResponse:
    """End the connection without an answer, or in the middle of one."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if torn:
        response.content_length = len(content)
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close() if torn else request.transport.abort()
    return response
