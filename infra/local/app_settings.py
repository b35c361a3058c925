"""The settings of each app in the shape of `local.settings.json`; the sample file says what each one means."""

import getpass
import json
from collections.abc import Callable
from pathlib import Path

from infra.local import topology
from infra.local.addresses import WORKSPACES, Addresses
from infra.local.people import persona_groups
from infra.local.state import client_id


def of(app: str, addresses: Addresses, policy: Path) -> dict[str, str]:
    """Return the `Values` of one app."""
    common = {
        "AzureWebJobsStorage": addresses.account(topology.HOST_ACCOUNTS[app]).connection_string(),
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "SLUICE_STORAGE": addresses.storage(app),
        **addresses.identity(app),
    }
    makers: dict[str, Callable[[], dict[str, str]]] = {
        "control": lambda: _control(addresses, policy),
        "gateway": lambda: _gateway(addresses),
        "scoring": lambda: _scoring(addresses),
    }
    return {**common, **makers[app]()}


def _control(addresses: Addresses, policy: Path) -> dict[str, str]:
    return {
        **_hubs("control", addresses),
        **_triggers("control", addresses),
        **addresses.workspace("control"),
        "WORKSPACES": json.dumps(WORKSPACES),
        "POLICY_FILE": str(policy),
        "APPROVAL_SIGNING_KEY": addresses.state.approval_signing_key,
        "OPERATOR_PUBLIC_KEY": addresses.state.operator_public_key(),
        "POLICY_CHANGED_BY": getpass.getuser(),
        "TICK": "* * * * * *",
        "LEASE_S": "10",
        "APPROVAL_BASE_URL": addresses.endpoints()["gateway"],
        "NOTIFY_OUTBOX": str(addresses.run_dir / "outbox"),
        "NOTIFY_WEBHOOKS": "{}",
    }


def _hubs(app: str, addresses: Addresses) -> dict[str, str]:
    """The product's own address of each hub on which the app has a right."""
    hubs = [grant.hub for grant in topology.HUB_GRANTS if grant.owner == app]
    return {f"HUB_{_upper(hub)}": f"{addresses.namespace()}/{hub}" for hub in hubs}


def _triggers(app: str, addresses: Addresses) -> dict[str, str]:
    """What the Functions host listens with: a family for each hub, as `trigger_settings.bicep` writes it."""
    heard = [_upper(each.hub) for each in topology.HUB_GRANTS if each.owner == app and "Listen" in each.rights]
    family = {
        "fullyQualifiedNamespace": addresses.namespace(),
        "credential": "managedidentity",
        "clientId": client_id(app),
    }
    return {f"{name}__{part}": value for name in heard for part, value in family.items()}


def _upper(hub: str) -> str:
    return hub.upper().replace("-", "_")


def _gateway(addresses: Addresses) -> dict[str, str]:
    return {
        "HUB_DECISIONS": f"{addresses.namespace()}/decisions",
        "APPROVAL_PUBLIC_KEY": addresses.state.approval_public_key(),
        "PERSONA_GROUPS": json.dumps(persona_groups()),
    }


def _scoring(addresses: Addresses) -> dict[str, str]:
    return {
        "WORKSPACES": json.dumps(WORKSPACES),
        "HUB_PREDICTIONS": f"{addresses.namespace()}/predictions",
        "SERVING_ENDPOINT": topology.SERVING_ENDPOINT,
        "CAPTURE_SAMPLING": "1.0",
    }
