"""What Microsoft's tests see of this machine: a pytest plugin, loaded before any of their code.

Names of Azure resolve to the local servers, also to their ports, and to nothing else; the local authority is trusted.
Where Microsoft's pipeline makes hubs through the management API, the local server's administration makes them.
"""

import json
import os
import socket
import sys
import types
import urllib.request
from collections.abc import Callable
from typing import Any

import azure.identity.aio
import certifi
import pytest
from devtools_testutils import test_proxy  # type: ignore[import-not-found]
from devtools_testutils.signing_in import AsyncCredential, Credential  # type: ignore[import-not-found]

__all__ = ["test_proxy"]

# Written by `tests.azure_sdk`: ports by host and port, the trusted certificates, the admin's address, key and identity.
LOCAL: dict[str, Any] = json.loads(os.environ["SLUICE_LOCAL_AZURE"])
KEY_NAME = "RootManageSharedAccessKey"


def _redirected(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        there = LOCAL["hosts"].get(name.lower(), {}).get(str(port))
        if there is not None:
            return resolve("127.0.0.1", there, *args, **kwargs)
        if name in ("localhost", "127.0.0.1", "::1"):
            return resolve(host, port, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, f"{name}:{port} is not on this machine")

    return getaddrinfo


def _admin(method: str, path: str, body: object) -> None:
    request = urllib.request.Request(LOCAL["admin"] + path, json.dumps(body).encode(), method=method)  # noqa: S310
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310


class EventHub:
    """A hub as the management API describes it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "partition_count": 2, "message_retention_in_days": 1}


class EventHubs:
    """The operations on hubs that the tests use."""

    def get(self, _group: str, _namespace: str, name: str) -> EventHub:
        return EventHub(name)

    def create_or_update(self, _group: str, _namespace: str, name: str, properties: dict[str, Any]) -> EventHub:
        """Links break when Azure changes a hub."""
        if "message_retention_in_days" in properties:
            _admin("POST", "/admin/faults", {"detach": {"hub": name}})
        else:
            _admin("PUT", "/admin/hubs", {"name": name, "partitions": properties["partition_count"]})
        return EventHub(name)

    def delete(self, _group: str, _namespace: str, name: str) -> None:
        _admin("DELETE", "/admin/hubs", {"name": name})


class Namespaces:
    """The keys of the namespace."""

    def list_keys(self, _group: str, namespace: str, _rule: str) -> types.SimpleNamespace:
        endpoint = f"Endpoint=sb://{namespace}.servicebus.windows.net/"
        connection = f"{endpoint};SharedAccessKeyName={KEY_NAME};SharedAccessKey={LOCAL['key']}"
        return types.SimpleNamespace(primary_connection_string=connection, key_name=KEY_NAME, primary_key=LOCAL["key"])


class StorageManagementClient:
    """Stands for `azure.mgmt.storage`: what only it can make, versions that cannot be altered, is not here."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pytest.skip("needs a container with immutable versions")


def _own_account() -> None:
    """The variables of Microsoft's pipeline that name storage accounts."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    own, other = (LOCAL["accounts"][kind] + number for kind in ("own", "other"))
    names = {
        "TABLES_STORAGE_ACCOUNT_NAME": own,
        "STORAGE_ACCOUNT_NAME": own,
        "SECONDARY_STORAGE_ACCOUNT_NAME": other,
        **{f"{kind}_STORAGE_ACCOUNT_NAME": own for kind in ("BLOB", "VERSIONED", "PREMIUM", "SOFT_DELETE")},
    }
    keys = {name.replace("_NAME", "_KEY").replace("TABLES_", "TABLES_PRIMARY_"): LOCAL["storage_key"] for name in names}
    os.environ.update({**names, **keys, "STORAGE_RESOURCE_GROUP_NAME": "sluice"})


class EventHubManagementClient:
    """Stands for `azure.mgmt.eventhub`."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.event_hubs = EventHubs()
        self.namespaces = Namespaces()


def _module(name: str, **content: object) -> None:
    module = types.ModuleType(name)
    module.__dict__.update(content, __path__=[])
    sys.modules[name] = module


socket.getaddrinfo = _redirected(socket.getaddrinfo)
certifi.where = lambda: str(LOCAL["authority"])
os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = LOCAL["authority"]
_module("azure.mgmt")
_module("azure.mgmt.eventhub", EventHubManagementClient=EventHubManagementClient)
for _name in ("azure.mgmt.storage", "azure.mgmt.storage.aio"):
    _module(_name, StorageManagementClient=StorageManagementClient)
_own_account()
# Whoever runs Microsoft's pipeline has signed in somehow.
azure.identity.DefaultAzureCredential = Credential  # type: ignore[misc]
azure.identity.aio.DefaultAzureCredential = AsyncCredential  # type: ignore[misc]
