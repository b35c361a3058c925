"""The scoring app's HTTP doors, and its wiring: the Open Inference Protocol v2 on Azure Functions."""

import asyncio
import atexit
from collections.abc import Mapping
from typing import TYPE_CHECKING

import azure.functions as func

from services.scoring import ARROW_STREAM, ARROW_TYPE, Answer, FirstAtOnce, Problem, packed, pays, unpacked, wished
from shared.adapters.onnx import check_providers
from shared.settings.scoring import ScoringSettings

if TYPE_CHECKING:
    from function_app.scoring.serve.wiring import scoring_instance
else:  # the worker imports this file by its bare name: in its process, `function_app` is no package but this module
    from serve.wiring import scoring_instance

settings = ScoringSettings.read()
check_providers(settings.inference_providers)
# A plan's instances are many and short-lived, and keep no folder: each checks its models itself.
instance = scoring_instance(settings, FirstAtOnce)
scorer = instance.scorer
for background in instance.backgrounds:
    background.start()
    atexit.register(background.stop)

app = func.FunctionApp()
# Probes and metadata need no key, as Kubernetes and Azure ML expect of them.
OPEN, WITH_KEY = func.AuthLevel.ANONYMOUS, func.AuthLevel.FUNCTION


# The caller's own ids of its request, given back with the answer.
REQUEST_IDS = ("x-request-id", "x-ms-client-request-id")
LENGTH, DEPLOYMENT, STICKY = "inference-header-content-length", "azureml-model-deployment", "sluice-sticky-key"
TYPE, CODING, WISH = "content-type", "content-encoding", "accept-encoding"
BODY_BYTES = settings.body_limit_mb << 20
LONGEST_NUMBER = 15  # digits: no body is longer, and to read more of them would take time, or fail
ASKED_FOR = frozenset({*REQUEST_IDS, LENGTH, DEPLOYMENT, STICKY, TYPE, CODING, WISH})


def _said(req: func.HttpRequest) -> dict[str, str]:
    """Asking for a header that is not there raises and catches an error inside, and most requests have few of these."""
    return {name: req.headers[name] for name in ASKED_FOR.intersection(req.headers)}


def _response(answer: Answer, said: Mapping[str, str]) -> func.HttpResponse:
    headers = dict(answer.headers)
    for name in REQUEST_IDS:
        value = said.get(name, "")
        if 0 < len(value) <= 128 and value.isprintable() and value.isascii():
            headers[name] = value
    return func.HttpResponse(answer.body, status_code=answer.status, headers=headers)


@app.route(route="v2/health/live", methods=["GET"], auth_level=OPEN)
async def live(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.live(), _said(req))


@app.route(route="v2/health/ready", methods=["GET"], auth_level=OPEN)
async def ready(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.ready(), _said(req))


@app.route(route="openapi.json", methods=["GET"], auth_level=OPEN)
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.openapi(), _said(req))


@app.route(route="v2", methods=["GET"], auth_level=OPEN)
async def server(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.server(), _said(req))


@app.route(route="v2/models", methods=["GET"], auth_level=OPEN)
async def models(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.models(), _said(req))


@app.route(route="v2/repository/index", methods=["POST"], auth_level=OPEN)
async def repository_index(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.repository_index(req.get_body()), _said(req))


@app.route(route="v2/models/{name}", methods=["GET"], auth_level=OPEN)
async def model(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.model(req.route_params["name"]), _said(req))


@app.route(route="v2/models/{name}/versions/{version}", methods=["GET"], auth_level=OPEN)
async def model_version(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.model(req.route_params["name"], req.route_params["version"]), _said(req))


@app.route(route="v2/models/{name}/ready", methods=["GET"], auth_level=OPEN)
async def model_ready(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.model_ready(req.route_params["name"]), _said(req))


@app.route(route="v2/models/{name}/versions/{version}/ready", methods=["GET"], auth_level=OPEN)
async def model_version_ready(req: func.HttpRequest) -> func.HttpResponse:
    return _response(scorer.model_ready(req.route_params["name"], req.route_params["version"]), _said(req))


@app.route(route="v2/models/{name}/infer", methods=["POST"], auth_level=WITH_KEY)
async def infer(req: func.HttpRequest) -> func.HttpResponse:
    return await _infer(req, None)


@app.route(route="v2/models/{name}/versions/{version}/infer", methods=["POST"], auth_level=WITH_KEY)
async def infer_version(req: func.HttpRequest) -> func.HttpResponse:
    return await _infer(req, req.route_params["version"])


async def _infer(req: func.HttpRequest, version: str | None) -> func.HttpResponse:
    said = _said(req)
    length = said.get(LENGTH)
    if length is not None and not (length.isascii() and length.isdecimal() and len(length) <= LONGEST_NUMBER):
        problem = Problem(400, f"inference-header-content-length: a number is required, found {length[:40]!r}")
        return _response(problem.answer(), said)
    sent = req.get_body()
    body = await asyncio.to_thread(unpacked, sent, said[CODING], BODY_BYTES) if CODING in said else sent
    if isinstance(body, Problem):
        return _response(body.answer(), said)
    is_arrow = said.get(TYPE, "").startswith(ARROW_TYPE)
    answer = await scorer.infer(
        req.route_params["name"],
        version or said.get(DEPLOYMENT),
        body,
        header_length=ARROW_STREAM if is_arrow else None if length is None else int(length),
        sticky=said.get(STICKY),
    )
    if (coding := wished(said.get(WISH, ""))) is not None and pays(answer):
        answer = await asyncio.to_thread(packed, answer, coding)
    return _response(answer, said)
