"""The HTTPS side: each request is counted, may meet a fault, is handled, and its answer may be lost."""

import asyncio
import json
import logging

from aiohttp import web

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import ArmError
from infra.local.azure_ml.dispatch import dispatch
from infra.local.azure_ml.emulator import Emulator
from infra.local.azure_ml.faults import Fault

log = logging.getLogger(__name__)
_MAX_BODY = 16 * 1024 * 1024


def create(emulator: Emulator) -> web.Application:
    app = web.Application(client_max_size=_MAX_BODY)

    async def handle(request: web.Request) -> web.StreamResponse:
        emulator.state.requests[(request.method, request.path)] += 1
        fault = emulator.state.faults.take(request.method, request.path)
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
        return await dispatch(emulator, request, fault.operation if fault else None)
    except ArmError as error:
        return Answer(error.status, error.body())
    except Exception as error:
        log.exception("%s %s", request.method, request.path)
        return Answer(500, ArmError(500, "InternalServerError", type(error).__name__).body())


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
