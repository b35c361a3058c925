"""Easy Auth's place in front of the app: strips forged principals, injects the real one, serves /.auth."""

import json
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader

from infra.local.functions_host.http.easy_auth.people import Person
from infra.local.functions_host.http.easy_auth.session import Sessions, expired_cookie
from infra.local.functions_host.http.messages import Reply, Request, json_reply, text_reply

_FORGEABLE = ("x-ms-client-principal", "x-ms-token-")
_PAGE_HEADERS = [
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
]
_templates = Environment(loader=PackageLoader("infra.local.functions_host.http.easy_auth"), autoescape=True)


class Gate:
    """`people` is None when the app runs without authentication; principals from outside are stripped all the same."""

    def __init__(self, people: Sequence[Person] | None, sessions: Sessions) -> None:
        self._people = None if people is None else {person.id: person for person in people}
        self._sessions = sessions

    def replace_principal(self, request: Request) -> None:
        """Whatever the caller claims is dropped; whoever is signed in is named instead."""
        headers = [(name, value) for name, value in request.headers if not name.startswith(_FORGEABLE)]
        person = self._signed_in(request)
        request.headers = headers if person is None else headers + person.principal_headers()

    def handle(self, request: Request) -> Reply:
        """The endpoints under /.auth."""
        if self._people is None:
            return Reply(404)
        match (request.method, request.path):
            case ("GET", "/.auth/login" | "/.auth/login/aad"):
                return self._login_page(request)
            case ("POST", "/.auth/login"):
                return self._sign_in(request)
            case ("GET", "/.auth/me"):
                return self._me(request)
            case ("GET" | "POST", "/.auth/logout"):
                return self._redirect(request.query.get("post_logout_redirect_uri") or "/", expired_cookie())
        return Reply(404)

    def _signed_in(self, request: Request) -> Person | None:
        cookies = "; ".join(value for name, value in request.headers if name == "cookie")
        if not self._people or not cookies:
            return None
        return self._people.get(self._sessions.person_id(cookies) or "")

    def _login_page(self, request: Request) -> Reply:
        target = request.query.get("post_login_redirect_uri") or "/"
        if not _is_local(target):
            return text_reply(400, "post_login_redirect_uri must be a path of this site")
        people = list((self._people or {}).values())
        page = _templates.get_template("login.html").render(people=people, target=target)
        return Reply(200, page.encode(), _PAGE_HEADERS)

    def _sign_in(self, request: Request) -> Reply:
        if not _is_same_origin(request):
            return text_reply(403, "the sign-in form must come from this site")
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        person = (self._people or {}).get(form.get("person", ""))
        if person is None:
            return text_reply(400, "person names none of the people who can sign in")
        return self._redirect(form.get("post_login_redirect_uri") or "/", self._sessions.issue(person.id))

    def _me(self, request: Request) -> Reply:
        person = self._signed_in(request)
        entries = [] if person is None else [_me_entry(person)]
        return json_reply(200, json.dumps(entries))

    def _redirect(self, target: str, cookie: str) -> Reply:
        if not _is_local(target):
            return text_reply(400, "the redirect must be a path of this site")
        return Reply(303, b"", [("location", target), ("set-cookie", cookie), ("cache-control", "no-store")])


def _me_entry(person: Person) -> dict[str, object]:
    return {"provider_name": "aad", "user_id": person.email, "user_claims": person.claims()}


def _is_local(target: str) -> bool:
    """A path of this site; browsers read `//host` and `/\\host` as another one, and ignore control characters."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    return is_path and target.isascii() and target.isprintable() and "\\" not in target


def _is_same_origin(request: Request) -> bool:
    """Browsers name the origin of a form; other clients, which carry nobody's cookies, need not."""
    origin = request.header("origin")
    return origin is None or urlsplit(origin).netloc == request.header("host")
