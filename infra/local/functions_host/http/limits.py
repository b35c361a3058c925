"""What Kestrel, the real host's server, refuses before any function is asked, with its answers."""

import re
from typing import Any

from infra.local.functions_host.http.messages import Reply, Request

LONGEST_BODY = 100 * 1024 * 1024
_LONGEST_REQUEST_LINE = 8 * 1024
_LONGEST_HEADERS = 32 * 1024
_MOST_HEADERS = 100
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::(?P<port>\d+))?")


def refusal(scope: Any, request: Request) -> Reply | None:
    """The answer to a request that is too large or names no host; None when it may go on."""
    line = len(scope["method"]) + len(scope["raw_path"]) + len(scope["query_string"]) + len(" ? HTTP/1.1\r\n")
    if line > _LONGEST_REQUEST_LINE:
        return _closing(414)
    headers = sum(len(name) + len(value) + len(": \r\n") for name, value in scope["headers"])
    if headers > _LONGEST_HEADERS or len(scope["headers"]) > _MOST_HEADERS:
        return _closing(431)
    if "\0" in request.path:
        return _closing(400)
    return _host_refusal(scope["http_version"], [value for name, value in request.headers if name == "host"])


def is_too_long(request: Request) -> bool:
    """Whether the body is; one of unknown length is not, for it never reaches the function."""
    length = request.header("content-length") or "0"
    return length.isdecimal() and int(length) > LONGEST_BODY


def too_long() -> Reply:
    """Not 413: that is what the real host answers, once it has failed to read the body."""
    return _closing(500)


def _host_refusal(version: str, hosts: list[str]) -> Reply | None:
    if not hosts and version == "1.0":
        return Reply(500)
    if len(hosts) != 1:
        return _closing(400)
    if not hosts[0]:
        return Reply(500)
    found = _HOST.fullmatch(hosts[0])
    if found is None:
        return _closing(400)
    return Reply(500) if int(found["port"] or 0) > 65535 else None


def _closing(status: int) -> Reply:
    return Reply(status, b"", [("connection", "close")])
