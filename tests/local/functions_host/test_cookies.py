"""Cookies as the real host rewrites them, and what a real browser makes of that."""

import ssl
import threading
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from azure_functions_runtime.bindings.datumdef import parse_to_rpc_http_cookie_list
from selenium.webdriver.common.by import By

from infra.local import certificates
from infra.local.functions_host.http.cookies import set_cookie
from infra.local.functions_host.worker_protocol import protos
from services.approval_pages import FormGuard
from tests.support.chromium import Browse


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


def rewritten(given: str) -> str:
    (cookie,) = parse_to_rpc_http_cookie_list([SimpleCookie(given)], protos)
    return set_cookie(cookie)


@pytest.fixture
def answers_with(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """The address of an HTTPS server that sets this cookie, and shows which ones it was sent."""
    servers: list[ThreadingHTTPServer] = []

    def start(header: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"<p>{self.headers.get('Cookie', 'none')}</p>".encode()
                self.send_response(200)
                for name, value in (("Content-Type", "text/html"), ("Set-Cookie", header)):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        chain = certificates.ensure(tmp_path / "certificates")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain.certificate, chain.key)
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        servers[-1].socket = context.wrap_socket(servers[-1].socket, server_side=True)
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"https://localhost:{servers[-1].server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def sent_back(browse: Browse, address: str) -> str:
    """What the browser sends when it comes again."""
    chrome = browse()
    # The authority of the test is nobody's but its own.
    chrome.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
    for _ in range(2):
        chrome.get(address)
    return chrome.find_element(By.TAG_NAME, "p").text


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("__Host-sluice-form=abc_-; max-age=28800; domain=; path=/; secure; samesite=strict; httponly", True),
        ("__Host-sluice-form=abc_-; max-age=28800; domain=; path=; secure; samesite=strict; httponly", False),
        ("__Host-sluice-form=abc_-; max-age=28800; domain=localhost; path=/; secure; samesite=strict", False),
    ],
)
def test_the_empty_domain_that_azure_adds_costs_no_cookie_its_place_in_the_browser(
    header: str, kept: bool, browse: Browse, answers_with: Callable[[str], str]
) -> None:
    """A name that begins with `__Host-` is kept only with path `/` and without a domain."""
    assert sent_back(browse, answers_with(header)) == ("__Host-sluice-form=abc_-" if kept else "none")


def test_the_key_of_a_form_comes_back_through_the_host_and_the_browser(
    browse: Browse, answers_with: Callable[[str], str]
) -> None:
    guard = FormGuard(b"k" * 32)
    cookie, field = guard.issue("", "lea@example.com", "a-1", secure=True)
    header = rewritten(cookie)
    assert "domain=; path=/; secure; samesite=strict; httponly" in header
    assert guard.holds(sent_back(browse, answers_with(header)), field, "lea@example.com", "a-1", secure=True)
