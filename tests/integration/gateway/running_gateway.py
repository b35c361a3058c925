"""The gateway app in Microsoft's worker library, and browsers in front of it."""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.support.eventually import eventually

REPOSITORY = Path(__file__).resolve().parents[3]


class Page(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def fields(self) -> dict[str, str]:
        """The form's hidden fields; empty when there is no form."""
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text)
        return {name: unescape(value) for name, value in found}


class Gateway:
    """`python -m infra.local.functions_host` over the real app."""

    def __init__(self, directory: Path, settings: Mapping[str, str], people: list[dict[str, Any]] | None) -> None:
        self.directory, self.people = directory, people
        self.log, self._ready_file = directory / "host.log", directory / "ready.json"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True)
        (directory / "settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": dict(settings)}))
        (directory / "people.json").write_text(json.dumps(people or []))

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it without waiting."""
        command = [sys.executable, "-m", "infra.local.functions_host", "--app", "function_app/gateway"]
        command += ["--name", "gateway", "--port", "0", "--path", ".", "--ready-file", str(self._ready_file)]
        command += ["--settings", str(self.directory / "settings.json"), "--keys", str(self.directory / "keys.json")]
        if self.people is not None:
            command += ["--people", str(self.directory / "people.json")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
        return self.process

    def start(self) -> "Gateway":
        """Return once it listens; raise `AssertionError` with its log when it ends instead."""
        self.launch()
        ready = eventually(self._ready) or {}
        self.port = ready["port"]
        return self

    def _ready(self) -> dict[str, Any] | None:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"the host ended:\n{self.log.read_text()[-4000:]}")
        return json.loads(self._ready_file.read_text()) if self._ready_file.exists() else None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=120)


class Browser:
    """Keeps cookies and follows no redirect, so that a test sees each answer."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.cookies: dict[str, str] = {}

    def sign_in(self, email: str) -> "Browser":
        """As the local sign-in page does."""
        person = next(each for each in self._gateway.people or [] if each["email"] == email)
        page = self.post("/.auth/login", {"person": person["id"], "post_login_redirect_uri": "/"})
        assert page.status == 303, page
        return self

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        return self._call("GET", path, None, headers or {})

    def post(
        self, path: str, form: Mapping[str, str] | Sequence[tuple[str, str]], headers: Mapping[str, str] | None = None
    ) -> Page:
        content_type = {"content-type": "application/x-www-form-urlencoded"}
        return self._call("POST", path, urlencode(form).encode(), {**content_type, **(headers or {})})

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self._gateway.port, timeout=120)
        try:
            connection.request(method, path, body, {**({"cookie": cookies} if cookies else {}), **headers})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            page = Page(response.status, found, response.read().decode())
        finally:
            connection.close()
        if cookie := found.get("set-cookie"):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return page
