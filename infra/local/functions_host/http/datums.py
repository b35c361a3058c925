"""HTTP requests and responses as the worker library sees them."""

from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum

from infra.local.functions_host.http.messages import Reply, Request

# Set by the server from the body that is really sent, or of one connection only.
_SERVER_HEADERS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


def request_datum(request: Request, parameters: dict[str, str]) -> Datum:
    """The classic shape: a body of unknown length (chunked) does not reach the function."""
    body = request.body if (request.header("content-length") or "0") != "0" else b""
    value: dict[str, Any] = {
        "method": Datum(request.method, "string"),
        "url": Datum(request.url, "string"),
        "headers": _texts(request.joined_headers),
        "query": _texts(request.query),
        "params": _texts(parameters),
        "body": Datum(body, "bytes"),
    }
    return Datum(value, "http")


def reply_of(datum: Datum | None) -> Reply:
    """A plain text is a 200; nothing at all is an error of the function."""
    if datum is None or datum.type is None:
        return Reply(500)
    if datum.type != "http":
        return Reply(200, str(datum.value).encode(), [("content-type", "text/plain; charset=utf-8")])
    value = datum.value
    headers = [
        (name.lower(), text.value) for name, text in value["headers"].items() if name.lower() not in _SERVER_HEADERS
    ]
    for cookie in value["cookies"] or ():
        headers += [("set-cookie", morsel.OutputString()) for morsel in cookie.values()]
    return Reply(int(value["status_code"].value), value["body"].value, headers)


def _texts(values: dict[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}
