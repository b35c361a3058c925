"""HTTP functions that show what arrived, and others that fail in every way."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import azure.functions as func
from record import record  # type: ignore[import-not-found]

app = func.FunctionApp()


@app.route(route="echo/{kind:alpha}/{id:int?}", auth_level=func.AuthLevel.ANONYMOUS)
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
        "invocation": context.invocation_id,
        "auth_enabled": os.environ.get("WEBSITE_AUTH_ENABLED"),
        "trace": [context.trace_context.trace_parent, context.trace_context.trace_state],
    }
    return func.HttpResponse(json.dumps(seen), status_code=201, mimetype="application/json")


def told_to(setting: str) -> bool:
    return Path(os.environ[setting]).exists()


def routed(name: str, route: str) -> None:
    """A function that answers its name and what its route made of the path."""

    @app.function_name(name)
    @app.route(route=route, auth_level=func.AuthLevel.ANONYMOUS)
    async def answer(req: func.HttpRequest) -> str:
        return json.dumps([name, dict(req.route_params)])


for each_name, each_route in (
    ("a_param", "ow/{a}"),
    ("b_lit", "ow/lit"),
    ("z_param", "ov/{a}"),
    ("y_lit", "ov/lit"),
    ("seg", "seg/{one}/tail"),
    ("rest", "rest/{*all}"),
):
    routed(each_name, each_route)


ANSWERS: dict[str, dict[str, Any]] = {
    "no-latin": {"headers": {"X-N": "é"}},
    "split": {"headers": {"X-N": "a\r\nSet-Cookie: b=1"}},
    "bad-name": {"headers": {"X N": "a"}},
    "far-location": {"headers": {"Location": "/日本"}},
    "no-content": {"status_code": 204},
    "not-modified": {"status_code": 304},
    "empty": {"body": ""},
    "odd-status": {"status_code": 999},
    "own-length": {"headers": {"Content-Length": "4"}},
    "nonsense-type": {"headers": {"Content-Type": "what is this"}},
    "no-type": {"body": b"x", "headers": {"X-N": "1"}},
}


@app.route(route="answers/{kind}", auth_level=func.AuthLevel.ANONYMOUS)
async def answers(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(**{"body": "body", **ANSWERS[req.route_params["kind"]]})


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def sets_cookies(req: func.HttpRequest) -> func.HttpResponse:
    """As many as the body lists."""
    response = func.HttpResponse("")
    for cookie in json.loads(req.get_body()):
        response.headers.add("Set-Cookie", cookie)
    return response


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def sized(req: func.HttpRequest) -> str:
    return str(len(req.get_body()))


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def twice(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("")
    for value in "123":
        response.headers.add("X-N", value)
    return response


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def number(req: func.HttpRequest) -> func.HttpResponse:
    return 5  # type: ignore[return-value]


@app.route(methods=["GET", "POST"])
def guarded(req: func.HttpRequest) -> str:
    return "guarded"


@app.route(auth_level=func.AuthLevel.ADMIN)
def masters_only(req: func.HttpRequest) -> str:
    return "masters"


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def raises(req: func.HttpRequest) -> str:
    raise RuntimeError("a secret that no caller may see")


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None  # type: ignore[return-value]


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def hangs(req: func.HttpRequest) -> str:
    await asyncio.sleep(3600)
    return "never"


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def overdue(req: func.HttpRequest) -> str:
    await asyncio.sleep(1.2)
    return "too late"


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def held(req: func.HttpRequest) -> str:
    record("held", body=req.get_body().decode())
    while told_to("HOLD"):  # noqa: ASYNC110 - the test in the other process has nothing better than a file
        await asyncio.sleep(0.02)
    return "released"


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"\x00\xff", mimetype="application/octet-stream")
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")
    return response


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def switched_off(req: func.HttpRequest) -> str:
    return "on"
