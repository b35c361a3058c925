"""What a function returned as the reply that goes out, or the error that the real host makes of it."""

import logging
import re
from typing import Any

from infra.local.functions_host.http.cookies import set_cookie
from infra.local.functions_host.http.messages import Reply

_log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TEXT = ("content-type", "text/plain; charset=utf-8")
# Of one connection only: the server sets them.
_SERVER_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding"})
BODYLESS = frozenset({204, 304})


class BadReply(ValueError):
    """The function's answer cannot be sent; the message says why."""


def reply_of(function: str, data: Any) -> Reply:
    """A plain text is a 200; what cannot be sent, and nothing at all, is an error of the function."""
    try:
        kind = None if data is None else data.WhichOneof("data")
        if kind == "http":
            return _http_reply(data.http)
        if kind == "string":
            return Reply(200, data.string.encode(), [_TEXT])
        raise BadReply(f"returned {kind or 'nothing'}, where an HTTP response is wanted")
    except BadReply as error:
        _log.error("function %s: %s", function, error)
        return Reply(500)


def _http_reply(http: Any) -> Reply:
    headers = [(name.lower(), value) for name, value in http.headers.items()]
    headers = [pair for pair in headers if pair[0] not in _SERVER_HEADERS]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(_TEXT)
    headers += [("set-cookie", set_cookie(cookie)) for cookie in http.cookies]
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadReply(f"the header {name[:60]!r} holds what no header may hold")
    status, body = _status(http.status_code), http.body.bytes
    if status in BODYLESS:
        return Reply(status, b"", [pair for pair in headers if pair[0] != "content-length"])
    return Reply(status, body, headers)


def _status(text: str) -> int:
    if not re.fullmatch(r"[1-5][0-9]{2}", text):
        raise BadReply(f"the status {text[:20]!r} is none")
    return int(text)
