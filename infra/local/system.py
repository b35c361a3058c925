"""Turns topology, state and options into configuration files and into programs to supervise."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import app_settings, azurite, certificates, probes, topology
from infra.local.addresses import ROOT_KEY, Addresses
from infra.local.people import people
from infra.local.ports import choose
from infra.local.state import State, client_id, load, stable_id, write_private
from infra.local.supervisor import Program

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_APPS = ROOT / "function_app"
DRAIN_S = 10


class UnknownSetting(ValueError):
    """An override names no app; the message names it."""


@dataclass(frozen=True)
class Options:
    """What a caller may change: the policy document, single settings `{app: {name: value}}`, and which apps run."""

    policy: Path = ROOT / "policy.yaml"
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    apps: Sequence[str] = topology.APPS


class System:
    """One local system in one folder; making it writes every file that its programs read."""

    def __init__(self, run_dir: Path, options: Options) -> None:
        unknown = {*options.settings, *options.apps} - set(topology.APPS)
        if unknown:
            raise UnknownSetting(f"no app named {', '.join(sorted(unknown))}; there are {', '.join(topology.APPS)}")
        self.run_dir = run_dir
        self.certificates = certificates.ensure(run_dir / "certificates")
        state = load(run_dir / "state.json")
        state.ports = choose(topology.USUAL_PORTS, state.ports)
        write_private(run_dir / "state.json", state.model_dump_json(indent=2))
        self.addresses = Addresses(run_dir, state, self.certificates.bundle)
        self._options = options

    @property
    def state(self) -> State:
        """Ports and keys."""
        return self.addresses.state

    def waves(self) -> list[list[Program]]:
        """Return what to start, side by side within a wave; the storage must be prepared after the first."""
        apps = [self._app(app) for app in self._options.apps if (FUNCTION_APPS / app / "function_app.py").exists()]
        return [[self._azurite(), self._event_hubs()], [self._azure_ml()], apps]

    def settings_file(self, app: str) -> Path:
        """Return where the app's settings are."""
        return self.run_dir / "settings" / f"{app}.json"

    def _write(self, name: str, content: object) -> Path:
        path = self.run_dir / name
        write_private(path, json.dumps(content, indent=2))
        return path

    def _azurite(self) -> Program:
        ports = {name: self.state.ports[name] for name in azurite.SERVICES}
        return Program(
            name="azurite",
            command=azurite.command(self.run_dir / "azurite", ports),
            environment=azurite.environment(self.addresses.accounts()),
            ready=probes.accepts(ports.values()),
            stop_within_s=30,  # a kill would lose what it has not saved yet
        )

    def _event_hubs(self) -> Program:
        admin = self.state.ports["event_hubs_admin"]
        config = self._write("event_hubs/Config.json", hubs_config())
        keys = self._write("event_hubs/keys.json", hub_keys(self.state))
        flags = ["--config", config, "--data", self.run_dir / "event_hubs" / "data", "--keys", keys]
        flags += ["--identities", self._write("event_hubs/identities.json", hub_identities())]
        flags += ["--port", self.state.ports["event_hubs"], "--http-port", admin]
        flags += ["--certificate", self.certificates.certificate, "--certificate-key", self.certificates.key]
        flags += ["--tls-port", self.state.ports["event_hubs_tls"]]
        flags += ["--websocket-port", self.state.ports["event_hubs_websockets"]]
        ready = probes.answers(f"{self.addresses.endpoints()['event_hubs_admin']}/health")
        return Program("event_hubs", _module("infra.local.eventhubs", *flags), ready)

    def _azure_ml(self) -> Program:
        config = self._write("azure_ml/config.json", self._azure_ml_config())
        ready_file = self.run_dir / "ready" / "azure_ml"
        ready_file.parent.mkdir(exist_ok=True)
        ports = self.state.ports
        flags = ["--config", config, "--data", self.run_dir / "azure_ml" / "data", "--ready-file", ready_file]
        flags += ["--port", ports["azure_ml"], "--identity-port", ports["identity"]]
        flags += ["--cert", self.certificates.certificate, "--key", self.certificates.key]
        command = _module("infra.local.azure_ml", *flags)
        return Program("azure_ml", command, probes.wrote(ready_file), ready_file=ready_file)

    def _azure_ml_config(self) -> dict[str, object]:
        jobs = {**self.addresses.workspace("jobs"), "SLUICE_STORAGE": self.addresses.storage("jobs")}
        training = self.addresses.workspace("pipelines")
        python = sys.executable
        return {
            "subscription_id": topology.SUBSCRIPTION,
            "resource_group": topology.RESOURCE_GROUP,
            "tenant_id": topology.TENANT,
            "workspaces": [{"name": name} for name in topology.WORKSPACES],
            "identities": [self._identity(name) for name in topology.IDENTITIES],
            "storage": self.addresses.storage_root(),
            "events": {
                "connection": self.addresses.hub("azure-ml", "inbound"),
                "watched": list(topology.WATCHED_CONTAINERS),
            },
            "environments": {
                "sluice-jobs": {"pythonpath": [str(ROOT)], "variables": jobs, "python": python},
                # A team's own, whatever its name: with the rights of `pipelines` and the packages of this clone.
                "*": {"variables": training, "python": python},
            },
            "operations": "fast",
            "max_running_jobs": 2,
            "job_time_limit_s": 3_600,
        }

    def _identity(self, name: str) -> dict[str, object]:
        grants = topology.IDENTITIES[name]
        return {
            "name": name,
            "header": self.state.identity_headers[name],
            "oid": stable_id(f"identity/{name}"),
            "client_id": client_id(name),
            "grants": [{"workspace": grant.workspace, "actions": list(grant.actions)} for grant in grants],
        }

    def _app(self, app: str) -> Program:
        overrides = self._options.settings.get(app, {})
        values = {**app_settings.of(app, self.addresses, self._options.policy), **overrides}
        settings = self.settings_file(app)
        write_private(settings, json.dumps({"IsEncrypted": False, "Values": values}, indent=2))
        keys = {"master": self.state.master_keys[app], "host": {"default": self.state.function_keys[app]}}
        ready_file = self.run_dir / "ready" / app
        flags = ["--app", FUNCTION_APPS / app, "--name", app, "--port", self.state.ports[app], "--path", ROOT]
        flags += ["--settings", settings, "--keys", self._write(f"keys/{app}.json", keys), "--ready-file", ready_file]
        flags += ["--grace-seconds", DRAIN_S]
        if app in topology.APPS_WITH_SIGN_IN:
            flags += ["--people", self._write("people.json", people())]
        command = _module("infra.local.functions_host", *flags)
        return Program(app, command, probes.wrote(ready_file), ready_file=ready_file, stop_within_s=DRAIN_S + 5)


def hubs_config() -> dict[str, object]:
    """Return the hubs in the official emulator's format, so that its container can take our server's place."""
    entities = [
        {
            "Name": hub.name,
            "PartitionCount": str(hub.partitions),
            "ConsumerGroups": [{"Name": group} for group in hub.consumer_groups],
        }
        for hub in topology.HUBS
    ]
    namespace = {"Type": "EventHub", "Name": "emulatorNs1", "Entities": entities}
    return {"UserConfig": {"NamespaceConfig": [namespace], "LoggingConfig": {"Type": "File"}}}


def hub_keys(state: State) -> list[dict[str, object]]:
    """Return every shared access key with its hub and rights; the root key first."""
    everything = ["Send", "Listen", "Manage"]
    keys: list[dict[str, object]] = [{"name": ROOT_KEY, "key": state.hub_root_key, "hub": "*", "rights": everything}]
    for grant in topology.KEYED:
        name = f"{grant.owner}-{grant.hub}"
        keys.append({"name": name, "key": state.hub_keys[name], "hub": grant.hub, "rights": list(grant.rights)})
    return keys


def hub_identities() -> dict[str, object]:
    """Return the role assignments of the apps on hubs, by object id."""
    grants = {
        app: [{"hub": each.hub, "rights": list(each.rights)} for each in topology.HUB_GRANTS if each.owner == app]
        for app in topology.APPS
    }
    identities = [{"oid": stable_id(f"identity/{app}"), "grants": held} for app, held in grants.items()]
    return {"tenant": topology.TENANT, "identities": identities}


def _module(name: str, *flags: object) -> list[str]:
    return [sys.executable, "-m", name, *(str(flag) for flag in flags)]
