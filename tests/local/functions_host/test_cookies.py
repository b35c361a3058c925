"""Cookies as the real host rewrites them."""

from http.cookies import SimpleCookie

import pytest
from azure_functions_runtime.bindings.datumdef import parse_to_rpc_http_cookie_list

from infra.local.functions_host.http.cookies import set_cookie
from infra.local.functions_host.worker_protocol import protos


@pytest.mark.observed(
    "http: cookies are taken apart and written anew, values percent-encoded",
    "http: a cookie that cannot be taken apart vanishes",
)
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            "s=YWJj/+==; Path=/; HttpOnly; Secure; SameSite=Strict",
            ["s=YWJj%2F%2B%3D%3D; domain=; path=/; secure; samesite=strict; httponly"],
        ),
        (
            "__Host-sluice-form=abc_-; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure",
            ["__Host-sluice-form=abc_-; max-age=28800; domain=; path=/; secure; samesite=strict; httponly"],
        ),
        ("s=a%20b", ["s=a%2520b; domain=; path="]),
        ('s="q"', ["s=q; domain=; path="]),
        (
            "s=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=None",
            ["s=1; expires=Wed, 21 Oct 2026 07:28:00 GMT; domain=; path=; samesite=none"],
        ),
        ("no cookie at all", []),
    ],
)
def test_a_cookie_is_taken_apart_by_the_worker_and_put_together_by_the_host(given: str, sent: list[str]) -> None:
    cookies = parse_to_rpc_http_cookie_list([SimpleCookie(given)], protos)
    assert [set_cookie(cookie) for cookie in cookies] == sent
