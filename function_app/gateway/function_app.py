"""The gateway's doors and wiring: public HTTP. Its identity may read approvals and evidence, and send decisions."""

import json
import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from services.approval_pages import (
    Answer,
    Desk,
    FormGuard,
    Person,
    form_of,
    message,
    not_to_be_had,
    page,
    signed_in,
    submit,
)
from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.clock import SystemClock
from shared.adapters.signing.links import Ed25519LinkVerifier
from shared.ports import Unavailable
from shared.settings.gateway import GatewaySettings
from shared.settings.reading import read

LARGEST_FORM = 64 * 1024
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(:[0-9]{1,5})?")

settings = read(GatewaySettings, "gateway")
clock = SystemClock()
storage = storage_clients(settings.sluice_storage.get_secret_value())
desk = Desk(
    approvals=TableApprovals(storage.tables),
    evidence=BlobEvidence(storage.blobs),
    publisher=EventHubPublisher({"decisions": settings.hub_decisions.get_secret_value()}),
    links=Ed25519LinkVerifier(settings.approval_public_key),
    guard=FormGuard(settings.form_key),
    sign_in_path=settings.sign_in_path,
    personas=tuple(dict.fromkeys(settings.persona_groups.values())),
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def _response(answer: Answer) -> func.HttpResponse:
    return func.HttpResponse(answer.body, status_code=answer.status, headers=dict(answer.headers))


def _person(req: func.HttpRequest) -> Person | None:
    return signed_in(
        req.headers.get("X-MS-CLIENT-PRINCIPAL"),
        authentication_on=settings.website_auth_enabled,
        persona_groups=settings.persona_groups,
    )


def _where(req: func.HttpRequest) -> dict[str, Any]:
    """What both doors hand on; only a browser on this very machine may do without a Secure cookie.

    Raises `ValueError` when the request's host is no host.
    """
    return {
        "approval_id": req.route_params["id"],
        "person": _person(req),
        "cookies": req.headers.get("Cookie", ""),
        "now": clock.now(),
        "secure": not _is_loopback(_host(req.url)),
    }


def _host(url: str) -> str:
    """Raises `ValueError` when it is none; the standard library passes over what follows a bracket."""
    parts = urlsplit(url)
    if not _HOST.fullmatch(parts.netloc):
        raise ValueError("host: a name or an address is required")
    return parts.hostname or ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@app.route("approvals/{id}", methods=["GET"])
async def show_approval(req: func.HttpRequest) -> func.HttpResponse:
    try:
        where = _where(req)
    except ValueError:
        return _response(message(400, "That was not understood", "The address did not arrive as it was sent."))
    try:
        return _response(await page(desk, query=req.params, **where))
    except Unavailable:
        return _response(not_to_be_had())


@app.route("approvals/{id}", methods=["POST"])
async def decide_approval(req: func.HttpRequest) -> func.HttpResponse:
    body = req.get_body()
    if len(body) > LARGEST_FORM:
        return _response(message(413, "That is too much", "A decision and its comment are shorter than this."))
    try:
        where, fields = _where(req), form_of(body)
    except ValueError:
        return _response(message(400, "That was not understood", "The form did not arrive as it was sent."))
    try:
        return _response(await submit(desk, form=fields, **where))
    except Unavailable:
        return _response(not_to_be_had())


@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """The app runs; whether storage and hub can be reached shows when they are needed."""
    return func.HttpResponse(json.dumps({"status": "running"}), mimetype="application/json")
