"""Cookies as the real host writes them: taken apart by the worker, put together anew, the value percent-encoded."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import quote

from infra.local.functions_host.worker_protocol import protos

_SAME_SITE = {
    protos.RpcHttpCookie.Lax: "lax",
    protos.RpcHttpCookie.Strict: "strict",
    protos.RpcHttpCookie.ExplicitNone: "none",
}


def set_cookie(cookie: Any) -> str:
    """The value of a Set-Cookie header; attributes that were not given appear empty where the real host says so."""
    return "; ".join([f"{quote(cookie.name, safe='')}={quote(cookie.value, safe='')}", *_attributes(cookie)])


def _attributes(cookie: Any) -> Iterator[str]:
    if cookie.HasField("expires"):
        yield f"expires={cookie.expires.value.ToDatetime(UTC):%a, %d %b %Y %H:%M:%S GMT}"
    if cookie.HasField("max_age"):
        yield f"max-age={int(cookie.max_age.value)}"
    # The worker says "" for a domain or path that was not given, and the host writes what it was told.
    for name in ("domain", "path"):
        if cookie.HasField(name):
            yield f"{name}={getattr(cookie, name).value}"
    if cookie.secure.value:
        yield "secure"
    if cookie.same_site in _SAME_SITE:
        yield f"samesite={_SAME_SITE[cookie.same_site]}"
    if cookie.http_only.value:
        yield "httponly"
