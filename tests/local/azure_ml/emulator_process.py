"""The Azure ML emulator as a child process, and everything a test needs to reach it with the real client."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests
import trustme

from tests.support.eventually import eventually

REPOSITORY = Path(__file__).resolve().parents[3]
SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
GROUP = "rg-local"
TENANT = "22222222-2222-4222-8222-222222222222"
ENVIRONMENT = "sluice-jobs"


@dataclass(frozen=True)
class Certificates:
    ca: Path
    cert: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """A certificate for localhost and the CA that signed it."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(str(files.ca))
    issued.private_key_pem.write_to_path(str(files.key))
    files.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return files


def identity(name: str, number: int, *grants: tuple[str, list[str]], type: str = "Application") -> dict[str, Any]:
    return {
        "name": name,
        "type": type,
        "header": f"secret-of-{name}",
        "oid": f"00000000-0000-4000-8000-{number:012d}",
        "grants": [{"workspace": workspace, "actions": actions} for workspace, actions in grants],
    }


def configuration(storage: str, events: str | None, **changes: Any) -> dict[str, Any]:
    """Two workspaces, one environment, four identities from all-powerful to powerless, and a person."""
    environment = {"python": sys.executable, "variables": {"FROM_ENVIRONMENT": "yes"}, "pythonpath": [str(REPOSITORY)]}
    document: dict[str, Any] = {
        "subscription_id": SUBSCRIPTION,
        "resource_group": GROUP,
        "tenant_id": TENANT,
        "workspaces": [{"name": "staging"}, {"name": "production"}],
        "identities": [
            identity("control", 1, ("*", ["*"])),
            identity("reader", 2, ("staging", ["models/read", "jobs/read"])),
            identity("trainer", 3, ("staging", ["Microsoft.MachineLearningServices/workspaces/jobs/*"])),
            identity("nobody", 4),
            identity("Dana Okafor", 5, ("staging", ["*"]), type="User"),
        ],
        "storage": storage,
        "events": {"connection": events} if events else None,
        "environments": {ENVIRONMENT: environment},
    }
    return document | changes


class EmulatorProcess:
    """`python -m infra.local.azure_ml` over one folder; each start picks new ports, each end may be a crash."""

    def __init__(self, folder: Path, config: dict[str, Any], certificates: Certificates) -> None:
        self.folder, self.certificates = folder, certificates
        self.port = self.identity_port = 0
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config))

    def start(self) -> Self:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "infra.local.azure_ml", "--config", str(self.folder / "config.json")]
        command += ["--data", str(self.folder / "data"), "--ready-file", str(ready)]
        command += ["--port", "0", "--identity-port", "0"]
        command += ["--cert", str(self.certificates.cert), "--key", str(self.certificates.key)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
        eventually(lambda: ready.exists() or self._ended())
        ports = json.loads(ready.read_text())
        self.port, self.identity_port = ports["port"], ports["identity_port"]
        return self

    def _ended(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"the emulator ended:\n{(self.folder / 'log').read_text()[-4000:]}")
        return False

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(timeout=120)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def operator_url(self) -> str:
        return f"http://127.0.0.1:{self.identity_port}"

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an operator's request; raises on a refusal."""
        answer = requests.request(method, f"{self.operator_url}{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def job(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(job for job in self.admin("GET", "/admin/jobs") if job["name"] == name)
        return found

    def wait_for_job(self, name: str, *statuses: str, timeout_s: float = 30) -> dict[str, Any]:
        """The job, once it has one of these statuses (by default: once it has ended)."""
        wanted = statuses or ("Completed", "Failed", "Canceled")
        eventually(lambda: self.job(name)["status"] in wanted, timeout_s=timeout_s)
        return self.job(name)

    def count(self, method: str, ending: str) -> int:
        """How many requests of this method went to paths that end so."""
        requests_seen = self.admin("GET", "/admin/requests")
        return sum(
            item["count"] for item in requests_seen if item["method"] == method and item["path"].endswith(ending)
        )
