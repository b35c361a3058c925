"""HTTP functions that show what arrived, and others that fail in every way."""

import asyncio
import json
import os

import azure.functions as func

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
    }
    return func.HttpResponse(json.dumps(seen), status_code=201, mimetype="application/json")


@app.route(route="echo/literal/special", auth_level=func.AuthLevel.ANONYMOUS)
async def literal(req: func.HttpRequest) -> str:
    return "the literal route"


@app.route(methods=["POST"])
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
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"\x00\xff", mimetype="application/octet-stream")
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")
    return response


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def switched_off(req: func.HttpRequest) -> str:
    return "on"
