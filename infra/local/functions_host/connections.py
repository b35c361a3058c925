"""Connections: a binding names a section of settings, which is a connection string or a `<name>__*` family.

The section is looked up as the WebJobs SDK does, and without regard to case: the first of `LOOK_UP` that has a value or
children. Its value wins over its children.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from infra.local.functions_host.errors import HostError

STORAGE = "AzureWebJobsStorage"
LOOK_UP = ("ConnectionStrings__AzureWebJobs{}", "AzureWebJobs{}", "ConnectionStrings__{}", "{}")
_NAMESPACE = "fullyQualifiedNamespace"
_EVENT_HUBS_TEXT = re.compile(r"(?:^|;)Endpoint=[^;]+.*SharedAccess(?:Key|Signature)=", re.IGNORECASE)
_STORAGE_TEXT = re.compile(r"(?:^|;)(?:AccountName|\w+Endpoint)=", re.IGNORECASE)
# The account that every Azurite has on its default ports; its key is public.
_DEVELOPMENT_STORAGE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)


@dataclass(frozen=True)
class Section:
    """`name` is the setting as it was found; `children` are the family's by the lower-case part behind `__`."""

    name: str
    value: str | None
    children: Mapping[str, str]


@dataclass(frozen=True)
class Connection:
    """Either `text` (a connection string) or `endpoint` (a namespace or service URL reached with an identity)."""

    name: str
    text: str | None
    endpoint: str | None
    managed_identity: bool = False
    client_id: str | None = None

    @property
    def entity_path(self) -> str | None:
        """The hub that the connection string itself names; it then wins over the binding's `eventHubName`."""
        match = re.search(r"(?:^|;)EntityPath=([^;]+)", self.text or "", re.IGNORECASE)
        return match[1] if match else None

    @property
    def plain(self) -> bool:
        """Whether the namespace is this machine's server, which speaks without TLS; Azure's have no port."""
        return (self.endpoint or "").startswith(("localhost:", "127.0.0.1:"))

    def credential(self) -> Any:
        """What `__credential` and `__clientId` ask for: with any other word than managedidentity, the whole chain."""
        if self.managed_identity:
            return ManagedIdentityCredential(client_id=self.client_id)
        # None would not leave it open, but ask for the system-assigned identity.
        chosen = {"managed_identity_client_id": self.client_id} if self.client_id else {}
        return DefaultAzureCredential(**chosen)


def event_hubs_connection(function: str, name: str) -> Connection:
    """Raises `HostError` when `name` names no Event Hubs connection."""
    who = f"function {function!r}"
    found = _section(who, name, f"{name}__{_NAMESPACE}")
    if found.value is not None:
        return Connection(name, _checked(who, found, _EVENT_HUBS_TEXT), None)
    return _by_identity(who, name, found, f"__{_NAMESPACE}", found.children.get(_NAMESPACE.lower()))


def queue_connection(function: str, name: str) -> Connection:
    """Raises `HostError` when `name` names no queue storage connection."""
    return _storage_connection(f"function {function!r}", name or STORAGE, "queue")


def host_storage(function: str) -> Connection:
    """The storage account in which the host itself keeps checkpoints, leases and timer status."""
    return _storage_connection(f"function {function!r} needs the host's storage", STORAGE, "blob")


def _storage_connection(who: str, name: str, service: str) -> Connection:
    found = _section(who, name, f"{name}__accountName")
    if found.value is not None and "usedevelopmentstorage=true" in found.value.lower():
        return Connection(name, _DEVELOPMENT_STORAGE, None)
    if found.value is not None:
        return Connection(name, _checked(who, found, _STORAGE_TEXT), None)
    account = found.children.get("accountname")
    url = f"https://{account}.{service}.core.windows.net" if account else found.children.get(f"{service}serviceuri")
    return _by_identity(who, name, found, f"__accountName or __{service}ServiceUri", url)


def _section(who: str, name: str, identity_setting: str) -> Section:
    settings = {setting.lower(): value for setting, value in os.environ.items()}
    for form in LOOK_UP:
        key = form.format(name)
        family = f"{key.lower()}__"
        children = {each.removeprefix(family): value for each, value in settings.items() if each.startswith(family)}
        # An empty text is no value, as in the real host.
        value = settings.get(key.lower()) or None
        if value or children:
            return Section(key, value, children)
    raise HostError(f"{who}: connection {name!r} names no setting (neither {name} nor {identity_setting} is set)")


def _checked(who: str, found: Section, pattern: re.Pattern[str]) -> str:
    """The section's text; its value is never shown."""
    text = found.value or ""
    if text.startswith("@Microsoft.KeyVault("):
        raise HostError(f"{who}: setting {found.name} holds a Key Vault reference that was not resolved")
    if not pattern.search(text):
        aside = f"; {found.name}__... beside it is not looked at" if found.children else ""
        raise HostError(f"{who}: setting {found.name} is no connection string{aside}")
    return text


def _by_identity(who: str, name: str, found: Section, wanted: str, endpoint: str | None) -> Connection:
    if not endpoint:
        raise HostError(f"{who}: connection {name!r}: of {found.name}__..., {wanted} is missing")
    managed = found.children.get("credential", "").lower() == "managedidentity"
    return Connection(name, None, endpoint, managed, found.children.get("clientid"))
