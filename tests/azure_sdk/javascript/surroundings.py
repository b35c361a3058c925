"""What the checks run against: an Event Hubs server, Azurite, and an identity endpoint."""

import base64
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import certificates
from tests.local.azure_ml.emulator_process import TENANT, Certificates, EmulatorProcess, configuration
from tests.support.azurite import Azurite
from tests.support.eventhubs import AccessKey, EventHubsServer

_NAMES = ("localhost", "127.0.0.1", "*.servicebus.windows.net")
_KEYS = {"all": ("Manage",), "listener": ("Listen",), "sender": ("Send",)}
# Of the identities that the endpoint knows; `trainer` is in the tenant, and unknown to the namespace.
_ROLES: dict[str, list[str]] = {"control": ["Send", "Listen"], "reader": ["Listen"], "nobody": []}


@dataclass(frozen=True)
class Surroundings:
    """What all servers under judgement share."""

    folder: Path
    files: certificates.Certificates
    azurite: Azurite
    identities: EmulatorProcess


@contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Azurite and the identity endpoint, while the context lasts."""
    files = certificates.ensure(folder / "certificates", _NAMES)
    azurite = Azurite(folder / "azurite").start()
    config = configuration(azurite.connection_string, None)
    own = Certificates(files.authority, files.certificate, files.key)
    identities = EmulatorProcess(folder / "azure_ml", config, own).start()
    _grant(folder / "identities.json", config["identities"])
    try:
        yield Surroundings(folder, files, azurite, identities)
    finally:
        identities.end()
        azurite.stop()


def _grant(path: Path, known: list[dict[str, Any]]) -> None:
    oids = {identity["name"]: identity["oid"] for identity in known}
    grants = {name: [{"hub": "*", "rights": rights}] if rights else [] for name, rights in _ROLES.items()}
    identities = [{"oid": oids[name], "grants": granted} for name, granted in grants.items()]
    path.write_text(json.dumps({"tenant": TENANT, "identities": identities}))


@contextmanager
def judged(around: Surroundings, name: str, program: Sequence[str], patience_s: float) -> Iterator[dict[str, Any]]:
    """A server of this program, with all that it offers; yields what the checks are told."""
    keys = {key: base64.b64encode(os.urandom(32)).decode() for key in _KEYS}
    policies = [AccessKey(key, secret, "*", _KEYS[key]) for key, secret in keys.items()]
    arguments = ["--identities", str(around.folder / "identities.json")]
    folder = around.folder / name / "event_hubs"
    with EventHubsServer(folder, {"unused": 1}, policies, arguments, around.files, program) as server:
        ports = {"port": server.port, "tls_port": server.tls_port, "websocket_port": server.websocket_port}
        yield {
            "server": {"admin": server.admin_url, **ports},
            "keys": keys,
            "storage": around.azurite.connection_string,
            "identity": f"{around.identities.operator_url}/identity/token",
            "patience_s": patience_s,
        }
