"""The plain HTTP side: the identity endpoint, health, and what an operator or a test may ask for."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.local.azure_ml.events.delivery import Delivery
from infra.local.azure_ml.jobs import lifecycle
from infra.local.azure_ml.state import State

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create(state: State) -> web.Application:
    app = web.Application(middlewares=[_name_wrong_fields])
    app.add_routes(
        [
            web.get("/health", _health),
            web.get("/identity/token", _token(state)),
            *_event_routes(state),
            *_fault_routes(state),
            *_list_routes(state),
            *_count_routes(state),
        ]
    )
    return app


@web.middleware
async def _name_wrong_fields(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        problems = [{"field": ".".join(map(str, item["loc"])), "problem": item["msg"]} for item in error.errors()]
        return web.json_response({"error": problems}, status=400)


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _token(state: State) -> Handler:
    """App Service's protocol: GET ?api-version=2019-08-01&resource=... with X-IDENTITY-HEADER."""

    async def handle(request: web.Request) -> web.Response:
        resource = request.query.get("resource", "")
        if not resource or "api-version" not in request.query:
            return web.json_response(
                {"statusCode": 400, "message": "api-version and resource are required"}, status=400
            )
        asked = request.query.get("client_id") or request.query.get("clientid")
        token = state.identities.issue(request.headers.get("X-IDENTITY-HEADER"), resource, asked)
        if token is None:
            return web.json_response(
                {"statusCode": 401, "message": "X-IDENTITY-HEADER is nobody's, or not of this client id"}, status=401
            )
        return web.json_response(token)

    return handle


def _event_routes(state: State) -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        return web.json_response(state.outbox.report())

    async def change(request: web.Request) -> web.Response:
        state.outbox.delivery = Delivery.model_validate_json(await request.read())
        return web.json_response(state.outbox.report())

    async def release(request: web.Request) -> web.Response:
        return web.json_response({"released": state.outbox.release()})

    return [
        web.get("/admin/events", show),
        web.post("/admin/events", change),
        web.post("/admin/events/release", release),
    ]


def _fault_routes(state: State) -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        return web.json_response(state.faults.listed())

    async def add(request: web.Request) -> web.Response:
        state.faults.add(await request.read())
        return web.json_response(state.faults.listed())

    async def clear(request: web.Request) -> web.Response:
        state.faults.clear()
        return web.json_response([])

    return [web.get("/admin/faults", show), web.post("/admin/faults", add), web.delete("/admin/faults", clear)]


class ListLag(BaseModel):
    """How many seconds lists are behind."""

    model_config = ConfigDict(extra="forbid")

    lag_s: float = Field(ge=0, le=600)


def _list_routes(state: State) -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        return web.json_response({"lag_s": state.resources.lag_s})

    async def change(request: web.Request) -> web.Response:
        state.resources.lag_lists(ListLag.model_validate_json(await request.read()).lag_s)
        return await show(request)

    return [web.get("/admin/lists", show), web.post("/admin/lists", change)]


def _count_routes(state: State) -> list[web.RouteDef]:
    async def jobs(request: web.Request) -> web.Response:
        return web.json_response(_jobs(state))

    async def requests(request: web.Request) -> web.Response:
        counts = [
            {"method": method, "path": path, "count": count} for (method, path), count in sorted(state.requests.items())
        ]
        return web.json_response(counts)

    async def forget(request: web.Request) -> web.Response:
        state.requests.clear()
        return web.json_response([])

    return [
        web.get("/admin/jobs", jobs),
        web.get("/admin/requests", requests),
        web.delete("/admin/requests", forget),
    ]


def _jobs(state: State) -> list[dict[str, Any]]:
    """Every job with its status and tags; `submits` counts each PUT under the name, refused ones too."""
    return [
        {
            "workspace": job.workspace,
            "name": job.name,
            "parent": job.meta["parent"],
            "status": lifecycle.status_of(job),
            "statuses": [status for status, _ in job.meta["history"]],
            "tags": job.properties["tags"],
            "submits": job.meta["submits"],
            "error": job.meta.get("error"),
        }
        for job in state.resources.all()
        if job.path.count("/") == 2 and "/jobs/" in job.path
    ]
