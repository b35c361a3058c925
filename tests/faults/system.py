"""Event Hubs, storage, Azure ML and the control process in its nursery: one system for all tests of this room."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.local import topology
from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.ports import Hub
from tests.faults.crashing import Plan, Poison
from tests.faults.endpoints import workspace
from tests.faults.losing import AmqpAnswers, HttpAnswers, LosingProxy
from tests.local.azure_ml.emulator_process import EmulatorProcess, configuration, make_certificates
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer, HubSpec

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = Path(__file__).parent / "apps"
HUBS: tuple[Hub, ...] = ("inbound", "events", "decisions", "predictions", "labels", "dead-letter")
WORKSPACES = ("development", "staging", "production")
GATEWAY = "http://127.0.0.1:1"


class System:
    """`start` returns with everything but control running; `control` runs it for as long as the block lasts.

    Control reaches storage and hubs through proxies that can lose answers; tests and the functions host do not.
    """

    def __init__(self, folder: Path, policy: str, partitions: int = 1, saves_first: bool = False) -> None:
        self.folder, self.partitions = folder, partitions
        self.plan = Plan(folder / "plan.json")
        self.outbox, self.runs, self.lives = folder / "outbox", folder / "runs", folder / "lives"
        self.log, self.hold = folder / "control.log", folder / "hold"
        self.signing_key = _urlsafe(Ed25519PrivateKey.generate().private_bytes_raw())
        self.deploy_policy(policy)
        self.azurite = Azurite(folder / "azurite", saves_first)
        specs = [HubSpec(hub.name, partitions, hub.consumer_groups) for hub in topology.HUBS]
        self.hubs = EventHubsServer(folder / "hubs", specs)
        self.blob_proxy = LosingProxy(lambda: self.azurite.blob_port, HttpAnswers)
        self.table_proxy = LosingProxy(lambda: self.azurite.table_port, HttpAnswers)
        self.hub_proxy = LosingProxy(lambda: self.hubs.port, AmqpAnswers)
        self._open = ExitStack()
        self.next_number = 0
        for file in (self.runs, self.lives):
            file.touch()

    def deploy_policy(self, text: str) -> None:
        """What the next life of control goes by."""
        (self.folder / "policy.yaml").write_text(text)

    @property
    def proxies(self) -> tuple[LosingProxy, ...]:
        return (self.blob_proxy, self.table_proxy, self.hub_proxy)

    def start(self) -> None:
        self.azurite.start()
        self.hubs.start()
        for proxy in self.proxies:
            self._open.enter_context(proxy)
        self._provision()
        certificates = folder_for(self.folder / "certificates")
        suite = {
            "python": sys.executable,
            "pythonpath": [str(APPS / "suite"), str(REPOSITORY)],
            "variables": {
                "SLUICE_STORAGE": self.azurite.connection_string,
                "SLUICE_TEST_RUNS": str(self.runs),
                "SLUICE_TEST_HOLD": str(self.hold),
            },
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
        if hasattr(self, "azure_ml"):
            self.azure_ml.end()
        if self.hubs.process is not None:
            self.hubs.stop()
        self.azurite.stop()
        self._open.close()

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

    async def close_storage(self) -> None:
        """The next test of this system gets clients of its own, in its own event loop."""
        await self.storage.close()
        del self.storage

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
        hubs = {hub.upper().replace("-", "_"): self._through_proxies(self.connection(hub)) for hub in HUBS}
        return {
            **{f"HUB_{name}": connection for name, connection in hubs.items()},
            # What the triggers listen to.
            **hubs,
            **self.identity("control"),
            "AzureWebJobsStorage": self.azurite.connection_string,
            "SLUICE_STORAGE": self._through_proxies(self.azurite.connection_string),
            "WORKSPACES": json.dumps([{"id": workspace(name), "stages": [name]} for name in WORKSPACES]),
            "POLICY_FILE": str(self.folder / "policy.yaml"),
            "APPROVAL_SIGNING_KEY": self.signing_key,
            "APPROVAL_BASE_URL": GATEWAY,
            "NOTIFY_OUTBOX": str(self.outbox),
            "NOTIFY_WEBHOOKS": "{}",
            "POLICY_CHANGED_BY": "the tests",
            "TICK": "* * * * * *",
            "LEASE_S": "2",
            "SLUICE_TEST_PLAN": str(self.plan.path),
        }

    def _through_proxies(self, connection: str) -> str:
        ports = (self.azurite.blob_port, self.azurite.table_port, self.hubs.port)
        for there, proxy in zip(ports, self.proxies, strict=True):
            connection = connection.replace(f"127.0.0.1:{there}", f"127.0.0.1:{proxy.port}")
        return connection

    def host_arguments(self, name: str) -> list[str]:
        """Of the functions host over the control app; each `name` is a machine of its own."""
        ready = self.folder / f"{name}.ready"
        host = ["--app", APPS / "control", "--name", "control", "--port", 0, "--path", REPOSITORY]
        host += ["--keys", folder_for(self.folder / name) / "keys.json", "--ready-file", ready, "--grace-seconds", 5]
        return [str(part) for part in host]

    def run(self, command: Sequence[object], **settings: str) -> subprocess.Popen[bytes]:
        """A process with control's settings."""
        environment = {**os.environ, **self.settings(), **settings}
        arguments = [sys.executable, "-m", *(str(part) for part in command)]
        with self.log.open("ab") as log:
            return subprocess.Popen(arguments, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)

    @contextmanager
    def control(self, poisons: Sequence[Poison] = (), **settings: str) -> Iterator[None]:
        """The real control process, started again as often as it dies."""
        if poisons:
            settings["SLUICE_TEST_POISONS"] = json.dumps([asdict(poison) for poison in poisons])
        nursery = self.run(
            ["tests.faults.nursery", "--lives", self.lives, "--", *self.host_arguments("control")], **settings
        )
        try:
            yield
            assert nursery.poll() is None, self.log.read_text()[-4000:]
        finally:
            nursery.terminate()
            nursery.wait(timeout=120)

    def deaths(self) -> list[int]:
        """Exit codes of all lives of control so far."""
        return [int(line.split()[1]) for line in self.lives.read_text().splitlines()]

    def checkpoints(self) -> dict[tuple[str, str, int], int]:
        """The host's, by hub, consumer group and partition."""
        from azure.storage.blob import BlobServiceClient

        found = {}
        with BlobServiceClient.from_connection_string(self.azurite.connection_string) as blobs:
            for blob in blobs.get_container_client("azure-webjobs-eventhub").list_blobs(include=["metadata"]):
                match blob.name.split("/"):
                    case [_, hub, group, "checkpoint", partition]:
                        found[hub, group, int(partition)] = int(blob.metadata["sequencenumber"])
        return found

    def kill_hubs(self) -> None:
        """SIGKILL to the Event Hubs server, and a start on the same data and ports."""
        self.hubs.kill()
        self.hubs.start()

    def disturb_hub(self, fault: str, hub: str, **how: object) -> None:
        """Ask the Event Hubs server for a fault; see `infra.local.eventhubs.admin`."""
        body: dict[str, Any] = {fault: {"hub": hub, **how}}
        requests.post(f"{self.hubs.admin_url}/admin/faults", json=body, timeout=120).raise_for_status()

    def left(self, fault: str) -> int:
        """How many events are still to be `duplicate`d, `skip`ped or `reorder`ed."""
        faults = requests.get(f"{self.hubs.admin_url}/admin/faults", timeout=120).json()
        return sum(hub[f"{fault}_events"] for hub in faults.values())

    def held(self, hub: str) -> list[int]:
        """Per partition, the number that the hub's next event gets."""
        partitions = requests.get(f"{self.hubs.admin_url}/admin/hubs", timeout=120).json()[hub]
        return [partition["last_sequence"] + 1 for partition in partitions]

    def disturb_azure_ml(self, **fault: Any) -> None:
        """Ask the emulator for a fault; see `infra.local.azure_ml.faults`."""
        self.azure_ml.admin("POST", "/admin/faults", [fault])

    def azure_ml_faults_left(self) -> int:
        return sum(fault["times"] or 0 for fault in self.azure_ml.admin("GET", "/admin/faults"))


def folder_for(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _everything(name: str) -> dict[str, Any]:
    number = {"control": 1, "trainers": 2}[name]
    oid = f"00000000-0000-4000-8000-{number:012d}"
    return {"name": name, "header": f"secret-of-{name}", "oid": oid, "grants": [{"workspace": "*", "actions": ["*"]}]}


def _urlsafe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
