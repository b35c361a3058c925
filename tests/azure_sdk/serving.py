"""The local servers under Azure's names: Event Hubs with keys, identities, TLS, WebSockets; Azurite with OAuth."""

import base64
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from infra.local import azurite, certificates, ports
from tests.support.eventhubs import AccessKey, EventHubsServer
from tests.support.eventually import eventually

NAMESPACE, ACCOUNT = "sluice-eh", "sluicesdk"
# Tests that run side by side have an account each, and one that is another's: some list, or delete, whatever is there.
SIDE_BY_SIDE = 6
ACCOUNTS = (ACCOUNT, *(f"{ACCOUNT}{kind}{number}" for kind in ("own", "other") for number in range(SIDE_BY_SIDE)))
TENANT, OID = "5ec0de00-0000-4000-8000-000000000002", "5ec0de00-0000-4000-8000-00000000a11e"
_NAMES = ("localhost", "127.0.0.1", "*.servicebus.windows.net", "*.blob.core.windows.net", "*.table.core.windows.net")


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, Any]]:
    """Start everything; yields what the plugin is told."""
    files = certificates.ensure(folder / "certificates", _NAMES)
    key, storage_key = (base64.b64encode(os.urandom(size)).decode() for size in (32, 64))
    with _event_hubs(folder, files, key) as hubs, _azurite(folder, files, storage_key) as storage:
        yield {
            "hosts": {
                f"{NAMESPACE}.servicebus.windows.net": {"5671": hubs.tls_port, "443": hubs.websocket_port},
                **{
                    f"{account}{second}.{kind}.core.windows.net": {"443": port}
                    for account in ACCOUNTS
                    for second in ("", "-secondary")
                    for kind, port in storage.items()
                },
            },
            "accounts": {kind: f"{ACCOUNT}{kind}" for kind in ("own", "other")},
            "storage_key": storage_key,
            "table_port": storage["table"],
            "authority": str(files.authority),
            "admin": hubs.admin_url,
            "key": key,
            "tenant": TENANT,
            "oid": OID,
        }


@contextmanager
def _event_hubs(folder: Path, files: certificates.Certificates, key: str) -> Iterator[EventHubsServer]:
    identities = folder / "identities.json"
    grants = [{"hub": "*", "rights": ["Manage"]}]
    identities.write_text(json.dumps({"tenant": TENANT, "identities": [{"oid": OID, "grants": grants}]}))
    keys = [AccessKey("RootManageSharedAccessKey", key, "*", ("Manage",))]
    arguments = ["--identities", str(identities)]
    with EventHubsServer(folder / "event_hubs", {"unused": 1}, keys, arguments, files) as server:
        yield server


@contextmanager
def _azurite(folder: Path, files: certificates.Certificates, key: str) -> Iterator[dict[str, int]]:
    chosen = ports.choose(dict.fromkeys(azurite.SERVICES, 0), {})
    accounts = [azurite.Account(name, key, chosen) for name in ACCOUNTS]
    secured = ["--cert", str(files.certificate), "--key", str(files.key), "--oauth", "basic"]
    command = [*azurite.command(folder / "azurite", chosen), *secured]
    with (folder / "azurite.log").open("wb") as log:
        environment = {**os.environ, **azurite.environment(accounts)}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        for port in chosen.values():
            eventually(partial(_accepts, port))
        yield {kind: chosen[kind] for kind in ("blob", "table")}
    finally:
        process.terminate()
        process.wait(60)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ports.HOST, port)) == 0
