"""Azurite, which stands for Azure Storage: its accounts, its command line, and how the accounts are addressed."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from infra.local.ports import HOST

LAUNCHER = Path(__file__).with_name("azurite_launcher.cjs")
# In the environment of our launcher: acknowledge nothing that is not saved. Slow: for what kills Azurite on purpose.
SAVES_FIRST = "SLUICE_AZURITE_SAVES_FIRST"
SERVICES = ("blob", "queue", "table")
SAS_LIFETIME = timedelta(days=90)


class AzuriteMissing(Exception):
    """Node or Azurite is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Account:
    """A storage account on this machine; `ports` maps blob, queue and table."""

    name: str
    key: str
    ports: Mapping[str, int]

    def endpoint(self, service: str) -> str:
        """Return the account's address of one service."""
        return f"http://{HOST}:{self.ports[service]}/{self.name}"

    def connection_string(self) -> str:
        """Return the connection string with the account key: all rights."""
        endpoints = "".join(f"{service.title()}Endpoint={self.endpoint(service)};" for service in SERVICES)
        return f"DefaultEndpointsProtocol=http;AccountName={self.name};AccountKey={self.key};{endpoints}"

    def limited(self, services: str, permissions: str) -> str:
        """Return a connection string with an account SAS: `services` of `bqt`, `permissions` as Azure's letters.

        Azure's account SAS cannot name containers or tables; that finer rule is kept by role assignments in Azure.
        """
        token = generate_account_sas(
            self.name,
            self.key,
            resource_types=ResourceTypes(service=True, container=True, object=True),
            permission=AccountSasPermissions.from_string(permissions),  # type: ignore[no-untyped-call]
            expiry=datetime.now(UTC) + SAS_LIFETIME,
            services=services,
        )
        granted = [service for service in SERVICES if service[0] in services]
        endpoints = "".join(f"{service.title()}Endpoint={self.endpoint(service)};" for service in granted)
        return f"{endpoints}SharedAccessSignature={token}"


def command(data: Path, ports: Mapping[str, int]) -> list[str]:
    """Return the command that starts Azurite; raise `AzuriteMissing` when it cannot."""
    node = shutil.which("node")
    if node is None:
        raise AzuriteMissing("node is missing. Run `make setup`: it says where to get one that is new enough")
    if not (LAUNCHER.parents[2] / "node_modules/azurite/dist/src/azurite.js").is_file():
        raise AzuriteMissing("Azurite is not installed, or not whole. Install it with: make setup")
    # The SDKs speak newer API versions than Azurite knows, hence skipApiVersionCheck.
    flags = ["--skipApiVersionCheck", "--disableTelemetry", "--silent", "--location", str(data)]
    addresses = [part for name in SERVICES for part in (f"--{name}Host", HOST, f"--{name}Port", str(ports[name]))]
    return [node, str(LAUNCHER), *flags, *addresses]


def environment(accounts: list[Account]) -> dict[str, str]:
    """Return the variables that make Azurite know exactly these accounts."""
    return {"AZURITE_ACCOUNTS": ";".join(f"{account.name}:{account.key}" for account in accounts)}
