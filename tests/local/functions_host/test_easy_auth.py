"""Signing in: the page, the cookie, the principal, and everything that is forged."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from infra.local.functions_host.http.easy_auth.session import Sessions
from tests.local.functions_host.running_host import RunningHost

EVIL = "<script>alert(1)</script>"
PEOPLE = [
    {"id": "11-aa", "name": "Ada", "email": "ada@example.org", "persona": "data scientist", "groups": ["g1", "g2"]},
    {"id": "22-bb", "name": EVIL, "email": "eve@example.org", "persona": "", "groups": []},
]
FORM = [("content-type", "application/x-www-form-urlencoded")]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    directory = tmp_path_factory.mktemp("signed-in")
    people = directory / "people.json"
    people.write_text(json.dumps(PEOPLE))
    host = RunningHost("web", directory, {}, ["--people", str(people)])
    yield host.start()
    host.end()


def sign_in(web: RunningHost, person: str = "11-aa", target: str = "/next", origin: str | None = None):  # type: ignore[no-untyped-def]
    body = urlencode({"person": person, "post_login_redirect_uri": target}).encode()
    headers = FORM + ([("origin", origin)] if origin else [])
    status, answered, _ = web.call("POST", "/.auth/login", body=body, headers=headers)
    return status, dict(answered)


def cookie(web: RunningHost) -> str:
    issued: str = sign_in(web)[1]["set-cookie"]
    return issued.split(";")[0]


def headers_seen(web: RunningHost, headers: list[tuple[str, str]]) -> dict[str, str]:
    seen = json.loads(web.call("GET", "/api/echo/x", headers=headers)[2])
    assert seen["auth_enabled"] == "True"
    return {name: value for name, value in seen["headers"].items() if name.startswith("x-ms-")}


def test_the_page_lists_people_escaped_and_runs_no_script(web: RunningHost) -> None:
    status, headers, body = web.call("GET", "/.auth/login?post_login_redirect_uri=" + quote('/a"><b>'))
    assert status == 200
    assert b"ada@example.org" in body
    assert EVIL.encode() not in body
    assert b'"><b>' not in body
    assert "default-src 'none'" in dict(headers)["content-security-policy"]


def test_signing_in_sets_a_guarded_cookie_and_goes_on(web: RunningHost) -> None:
    status, headers = sign_in(web)
    assert (status, headers["location"]) == (303, "/next")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Lax" in headers["set-cookie"]


def test_the_principal_is_the_one_that_entra_would_give(web: RunningHost) -> None:
    seen = headers_seen(web, [("cookie", cookie(web))])
    assert seen["x-ms-client-principal-id"] == "11-aa"
    assert seen["x-ms-client-principal-name"] == "ada@example.org"
    assert seen["x-ms-client-principal-idp"] == "aad"
    principal = json.loads(base64.b64decode(seen["x-ms-client-principal"]))
    assert principal["auth_typ"] == "aad"
    assert [(claim["typ"].rsplit("/", 1)[-1], claim["val"]) for claim in principal["claims"]] == [
        ("name", "Ada"),
        ("preferred_username", "ada@example.org"),
        ("objectidentifier", "11-aa"),
        ("groups", "g1"),
        ("groups", "g2"),
    ]


def test_a_principal_from_outside_never_arrives_and_never_replaces_a_real_one(web: RunningHost) -> None:
    forged = [("X-MS-CLIENT-PRINCIPAL", "Zm9yZ2Vk"), ("x-Ms-Client-Principal-NAME", "root"), ("X-MS-TOKEN-AAD", "t")]
    assert headers_seen(web, forged) == {}
    seen = headers_seen(web, [*forged, ("cookie", cookie(web))])
    assert seen["x-ms-client-principal-name"] == "ada@example.org"
    assert "x-ms-token-aad" not in seen


@pytest.mark.parametrize("change", [lambda c: c[:-2] + "AA", lambda c: c.replace("=1", "=2", 1), lambda c: c + "é"])
def test_a_changed_cookie_signs_nobody_in(web: RunningHost, change) -> None:  # type: ignore[no-untyped-def]
    changed = change(cookie(web))
    assert changed != cookie(web)
    assert headers_seen(web, [("cookie", changed)]) == {}


def test_a_cookie_signed_with_another_key_or_over_signs_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Sessions.derived_from("mine")
    issued = mine.issue("11-aa").split(";")[0]
    assert mine.person_id(issued) == "11-aa"
    assert Sessions.derived_from("other").person_id(issued) is None
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert mine.person_id(issued) is None


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil", "javascript:x", "/a\r\nb: c"])
def test_nobody_is_sent_to_another_site(web: RunningHost, target: str) -> None:
    assert sign_in(web, target=target)[0] == 400
    assert web.call("GET", f"/.auth/login?post_login_redirect_uri={quote(target)}")[0] == 400
    assert web.call("GET", f"/.auth/logout?post_logout_redirect_uri={quote(target)}")[0] == 400


def test_another_site_cannot_sign_anybody_in(web: RunningHost) -> None:
    assert sign_in(web, origin="http://evil.example")[0] == 403
    assert sign_in(web, origin=f"http://127.0.0.1:{web.ready['port']}")[0] == 303


def test_an_unknown_person_is_refused(web: RunningHost) -> None:
    assert sign_in(web, person="33-cc")[0] == 400


def test_me_and_logout(web: RunningHost) -> None:
    assert json.loads(web.call("GET", "/.auth/me")[2]) == []
    (entry,) = json.loads(web.call("GET", "/.auth/me", headers=[("cookie", cookie(web))])[2])
    assert entry["user_id"] == "ada@example.org"
    status, headers, _ = web.call("GET", "/.auth/logout")
    assert status == 303
    assert "Max-Age=0" in dict(headers)["set-cookie"]
