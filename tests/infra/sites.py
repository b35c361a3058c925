"""Azure as `az` shows it and as its apps answer, as far as a deployment looks: a program on PATH, and an HTTPS server.

The shapes are those of the Azure CLI: `functionapp show` with its properties beside or below, functions named
`<app>/<function>`, references to a vault as Resource Manager lists them.
"""

import json
import ssl
import stat
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra import declared
from infra.local import certificates

# The program itself knows nothing: it hands its words to the server, and says what that answers.
_AZ = """#!{python} -IS
import json, os, ssl, sys, urllib.request

with open(os.environ["RECORD"], "a") as record:
    record.write("az " + " ".join(sys.argv[1:]) + "\\n")
body = json.dumps({{"words": sys.argv[1:], "environment": dict(os.environ)}}).encode()
request = urllib.request.Request("https://{host}/az", body, method="POST")
code, out, error = json.load(urllib.request.urlopen(request, context=ssl._create_unverified_context()))
sys.stdout.write(out)
sys.stderr.write(error)
sys.exit(code)
"""
_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites"


@dataclass
class Site:
    """`functions` are those that run, `answers` what a path answers: the next each time, the last for ever; else 200.

    `after_sync` run once Azure was asked to look again; `is_flat`: how `az` lays out properties; `refusal`: what it
    says instead of showing the app.
    """

    app: str
    functions: list[str]
    disabled: Sequence[str] = ()
    references: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[int]] = field(default_factory=dict)
    after_sync: list[str] = field(default_factory=list)
    is_flat: bool = True
    refusal: str = ""

    def shown(self, name: str, properties: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, **(properties if self.is_flat else {"properties": properties})}

    def status(self, path: str) -> int:
        statuses = self.answers.get(path, [200])
        return statuses.pop(0) if len(statuses) > 1 else statuses[0]


@dataclass
class Sites:
    """By app. `tools` is the folder with `az`, `record` what was asked of it, `authority` vouches for `host`."""

    tools: Path
    record: Path
    authority: Path
    host: str
    of: dict[str, Site]

    def __getitem__(self, app: str) -> Site:
        return self.of[app]

    def az(self, words: Sequence[str], environment: dict[str, str]) -> tuple[int, str, str]:
        """Exit code, and what is said on standard output and standard error."""
        text = " ".join(words)
        if text.startswith(("functionapp show", "functionapp function", "rest")):
            return self._of_an_app(text)
        plain = {
            "outputs.vaultUri": "https://sluice-kv.vault.azure.net/",
            "outputs.approvalPages": "https://a/approvals/",
            "keyvault list": environment.get("VAULT", ""),
            "secret list": "\n".join(environment.get("PRESENT", "").split()),
        }
        found = [said for part, said in plain.items() if part in text]
        found += [f"sluice-{app}" for app in self.of if f"outputs.{app}App.value" in text]
        if "--name form-key" in text and "KEEP_FORM_KEY" in environment:
            Path(environment["KEEP_FORM_KEY"]).write_text(Path(words[words.index("--file") + 1]).read_text())
        return 0, "".join(f"{said}\n" for said in found if said), ""

    def _of_an_app(self, text: str) -> tuple[int, str, str]:
        site = next(site for app, site in self.of.items() if f"sluice-{app}" in text)
        if site.refusal:
            return 3, "", f"WARNING: something\nERROR: {site.refusal}\n"
        return 0, json.dumps(self._answer(site, text)), ""

    def _answer(self, site: Site, text: str) -> Any:
        name = f"sluice-{site.app}"
        if "function list" in text:
            return [site.shown(f"{name}/{each}", {"isDisabled": each in site.disabled}) for each in site.functions]
        if "configreferences" in text:
            states = site.references.items()
            return {"value": [{"name": each, "properties": {"status": state}} for each, state in states]}
        if "host/default/sync" in text:
            site.functions = site.after_sync or site.functions
            return None
        shown = site.shown(name, {"state": "Running", "defaultHostName": self.host})
        return {"id": f"{_ID}/{name}", **shown}

    def status(self, path: str) -> int:
        """What an app answers; each path is one app's, but `/`, where the host's own page is."""
        return next((site.status(path) for site in self.of.values() if path in site.answers), 200)


class _Handler(BaseHTTPRequestHandler):
    sites: Sites

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(200, json.dumps(self.sites.az(asked["words"], asked["environment"])).encode())

    def do_GET(self) -> None:
        self._send(self.sites.status(self.path), b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def deployed(folder: Path) -> Iterator[Sites]:
    """All apps, as they were declared, until the block ends."""
    chain = certificates.ensure(folder / "certificates")
    tools = folder / "bin"
    tools.mkdir()
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain.certificate, chain.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        host = f"localhost:{server.server_port}"
        of = {app: Site(app, sorted(each["functions"])) for app, each in declared.expected().items()}
        handler.sites = Sites(tools, folder / "record", chain.authority, host, of)  # type: ignore[attr-defined]
        (tools / "az").write_text(_AZ.format(python=sys.executable, host=host))
        (tools / "az").chmod(stat.S_IRWXU)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler.sites  # type: ignore[attr-defined]
        server.shutdown()
