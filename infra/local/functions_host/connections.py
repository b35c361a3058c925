"""Connections: a binding names a setting that holds a connection string, or a `<name>__*` family for an identity."""

import os
import re
from dataclasses import dataclass
from typing import Any

from azure.identity.aio import DefaultAzureCredential

from infra.local.functions_host.errors import HostError

STORAGE = "AzureWebJobsStorage"
# The account that every Azurite has on its default ports; its key is public.
_DEVELOPMENT_STORAGE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)


@dataclass(frozen=True)
class Connection:
    """Either `text` (a connection string) or `endpoint` (a namespace or service URL reached with an identity)."""

    name: str
    text: str | None
    endpoint: str | None

    @property
    def entity_path(self) -> str | None:
        """The hub that the connection string itself names; it then wins over the binding's `eventHubName`."""
        match = re.search(r"(?:^|;)EntityPath=([^;]+)", self.text or "", re.IGNORECASE)
        return match[1] if match else None

    def credential(self) -> Any:
        """An identity from the environment; only for connections without a connection string."""
        return DefaultAzureCredential()


def event_hubs_connection(function: str, name: str) -> Connection:
    """Raises `HostError` when `name` names no Event Hubs connection."""
    return _connection(f"function {function!r}", name, f"{name}__fullyQualifiedNamespace", "{}")


def queue_connection(function: str, name: str) -> Connection:
    """Raises `HostError` when `name` names no queue storage connection."""
    return _storage_connection(f"function {function!r}", name or STORAGE, "queue")


def host_storage(function: str) -> Connection:
    """The storage account in which the host itself keeps checkpoints, leases and timer status."""
    return _storage_connection(f"function {function!r} needs the host's storage", STORAGE, "blob")


def _storage_connection(who: str, name: str, service: str) -> Connection:
    if "usedevelopmentstorage=true" in os.environ.get(name, "").lower():
        return Connection(name, _DEVELOPMENT_STORAGE, None)
    if os.environ.get(f"{name}__accountName"):
        return _connection(who, name, f"{name}__accountName", f"https://{{}}.{service}.core.windows.net")
    return _connection(who, name, f"{name}__{service}ServiceUri", "{}")


def _connection(who: str, name: str, identity_setting: str, template: str) -> Connection:
    if text := os.environ.get(name):
        return Connection(name, text, None)
    if endpoint := os.environ.get(identity_setting):
        return Connection(name, None, template.format(endpoint))
    raise HostError(f"{who}: connection {name!r} names no setting (neither {name} nor {identity_setting} is set)")
