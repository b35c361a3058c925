"""Event Hubs, storage, Azure ML and the control process in its nursery: one system for all tests of this room."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.local import topology
from shared.adapters.azure.storage import Storage, storage_clients
from shared.ports import Hub
from tests.faults.crashing import Plan
from tests.local.azure_ml.emulator_process import GROUP, SUBSCRIPTION, EmulatorProcess, configuration, make_certificates
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer, HubSpec

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = Path(__file__).parent / "apps"
HUBS: tuple[Hub, ...] = ("inbound", "events", "decisions", "predictions", "labels", "dead-letter")
WORKSPACES = ("development", "staging", "production")
GATEWAY = "http://127.0.0.1:1"


class System:
    """`start` returns with everything but control running; `control` runs it for as long as the block lasts."""

    def __init__(self, folder: Path, policy: str) -> None:
        self.folder = folder
        self.plan = Plan(folder / "plan.json")
        self.outbox, self.runs, self.lives = folder / "outbox", folder / "runs", folder / "lives"
        self.log = folder / "control.log"
        self.signing_key = _urlsafe(Ed25519PrivateKey.generate().private_bytes_raw())
        (folder / "policy.yaml").write_text(policy)
        self.azurite = Azurite(folder / "azurite")
        specs = [HubSpec(hub.name, 1, hub.consumer_groups) for hub in topology.HUBS]
        self.hubs = EventHubsServer(folder / "hubs", specs)
        for file in (self.runs, self.lives):
            file.touch()

    def start(self) -> None:
        self.azurite.start()
        self.hubs.start()
        self._provision()
        certificates = folder_for(self.folder / "certificates")
        suite = {
            "python": sys.executable,
            "pythonpath": [str(APPS / "suite"), str(REPOSITORY)],
            "variables": {"SLUICE_STORAGE": self.azurite.connection_string, "SLUICE_TEST_RUNS": str(self.runs)},
        }
        config = configuration(
            self.azurite.connection_string,
            self.connection("inbound"),
            workspaces=[{"name": name} for name in WORKSPACES],
            identities=[_everything("control"), _everything("trainers")],
            environments={"sluice-jobs": suite},
        )
        self.azure_ml = EmulatorProcess(self.folder / "azure_ml", config, make_certificates(certificates)).start()

    def stop(self) -> None:
        """Also when only some of it could be started."""
        self.azure_ml.end()
        if self.hubs.process is not None:
            self.hubs.stop()
        self.azurite.stop()

    def _provision(self) -> None:
        from azure.data.tables import TableServiceClient
        from azure.storage.blob import BlobServiceClient

        connection = self.azurite.connection_string
        with BlobServiceClient.from_connection_string(connection) as blobs:
            for name in (*topology.CONTAINERS, *topology.HOST_CONTAINERS):
                blobs.create_container(name)
        with TableServiceClient.from_connection_string(connection) as tables:
            for name in topology.TABLES:
                tables.create_table(name)

    def connection(self, hub: str) -> str:
        return self.hubs.connection_string(hub)

    @property
    def connections(self) -> dict[Hub, str]:
        return {hub: self.connection(hub) for hub in HUBS}

    @cached_property
    def storage(self) -> Storage:
        return storage_clients(self.azurite.connection_string)

    def identity(self, name: str) -> dict[str, str]:
        """By which variables the unmodified Azure ML SDK finds the emulator, as this identity."""
        return {
            "AZUREML_DEV_URL_MFE": self.azure_ml.url,
            "REQUESTS_CA_BUNDLE": str(self.azure_ml.certificates.ca),
            "IDENTITY_ENDPOINT": f"{self.azure_ml.operator_url}/identity/token",
            "IDENTITY_HEADER": f"secret-of-{name}",
        }

    def settings(self) -> dict[str, str]:
        """Control's, and a lease so short that a dead owner's is soon over."""
        return {
            **{hub.upper().replace("-", "_"): self.connection(hub) for hub in HUBS},
            **self.identity("control"),
            "AzureWebJobsStorage": self.azurite.connection_string,
            "SLUICE_STORAGE": self.azurite.connection_string,
            "AZURE_ML_SUBSCRIPTION": SUBSCRIPTION,
            "AZURE_ML_RESOURCE_GROUP": GROUP,
            **{f"AZURE_ML_{name.upper()}_WORKSPACE": name for name in WORKSPACES},
            "POLICY_FILE": str(self.folder / "policy.yaml"),
            "APPROVAL_SIGNING_KEY": self.signing_key,
            "APPROVAL_BASE_URL": GATEWAY,
            "NOTIFY_OUTBOX": str(self.outbox),
            "NOTIFY_WEBHOOKS": "{}",
            "TICK": "* * * * * *",
            "LEASE_S": "2",
            "SLUICE_TEST_PLAN": str(self.plan.path),
        }

    @contextmanager
    def control(self) -> Iterator[None]:
        """The real control process, started again as often as it dies."""
        ready = self.folder / "control.ready"
        host = ["--app", APPS / "control", "--name", "control", "--port", 0, "--path", REPOSITORY]
        host += ["--keys", self.folder / "keys.json", "--ready-file", ready, "--grace-seconds", 5]
        command = [sys.executable, "-m", "tests.faults.nursery", "--lives", self.lives, "--", *host]
        with self.log.open("ab") as log:
            nursery = subprocess.Popen(
                [str(part) for part in command], cwd=REPOSITORY, env={**os.environ, **self.settings()},
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            yield
            assert nursery.poll() is None, self.log.read_text()[-4000:]
        finally:
            nursery.terminate()
            nursery.wait(timeout=30)

    def deaths(self) -> list[int]:
        """Exit codes of all lives of control so far."""
        return [int(line.split()[1]) for line in self.lives.read_text().splitlines()]

    def kill_hubs(self) -> None:
        """SIGKILL to the Event Hubs server, and a start on the same data and ports."""
        self.hubs.kill()
        self.hubs.start()

    def duplicate(self, events: int) -> None:
        """The next `events` of each hub are delivered twice."""
        fault: dict[str, Any] = {"duplicate": {"hub": "*", "events": events}}
        requests.post(f"{self.hubs.admin_url}/admin/faults", json=fault, timeout=10).raise_for_status()

    def duplicates_left(self) -> int:
        faults = requests.get(f"{self.hubs.admin_url}/admin/faults", timeout=10).json()
        return sum(hub["duplicate_events"] for hub in faults.values())

    def fail_azure_ml(self, times: int) -> bool:
        """The next `times` readings of a job or a model are answered with 503; False while such are still to come."""
        if any(fault["times"] for fault in self.azure_ml.admin("GET", "/admin/faults")):
            return False
        fault = {"match": {"method": "GET", "path_regex": "/(jobs|models)/"}, "status": 503, "times": times}
        self.azure_ml.admin("POST", "/admin/faults", [fault])
        return True


def folder_for(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _everything(name: str) -> dict[str, Any]:
    number = {"control": 1, "trainers": 2}[name]
    oid = f"00000000-0000-4000-8000-{number:012d}"
    return {"name": name, "header": f"secret-of-{name}", "oid": oid, "grants": [{"workspace": "*", "actions": ["*"]}]}


def _urlsafe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
