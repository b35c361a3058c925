"""The settings of each app in the shape of `local.settings.json`; the sample file says what each one means."""

import getpass
import json
from collections.abc import Callable
from pathlib import Path

from infra.local import topology
from infra.local.addresses import WORKSPACES, Addresses
from infra.local.people import persona_groups


def of(app: str, addresses: Addresses, policy: Path) -> dict[str, str]:
    """Return the `Values` of one app."""
    common = {
        "AzureWebJobsStorage": addresses.account(topology.HOST_ACCOUNTS[app]).connection_string(),
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "SLUICE_STORAGE": addresses.storage(app),
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
        **{name.removeprefix("HUB_"): value for name, value in _hubs("control", addresses, "Listen").items()},
        **addresses.workspace("control"),
        "WORKSPACES": json.dumps(WORKSPACES),
        "POLICY_FILE": str(policy),
        "APPROVAL_SIGNING_KEY": addresses.state.approval_signing_key,
        "OPERATOR_PUBLIC_KEY": addresses.state.operator_public_key(),
        "POLICY_CHANGED_BY": getpass.getuser(),
        "TICK": "* * * * * *",
        "LEASE_S": "5",
        "APPROVAL_BASE_URL": addresses.endpoints()["gateway"],
        "NOTIFY_OUTBOX": str(addresses.run_dir / "outbox"),
        "NOTIFY_WEBHOOKS": "{}",
    }


def _hubs(app: str, addresses: Addresses, right: str = "") -> dict[str, str]:
    """The product's own address of each hub on which the app has the right, or any."""
    grants = [grant for grant in topology.HUB_GRANTS if grant.owner == app and (not right or right in grant.rights)]
    return {f"HUB_{grant.hub.upper().replace('-', '_')}": addresses.hub(app, grant.hub) for grant in grants}


def _gateway(addresses: Addresses) -> dict[str, str]:
    return {
        "HUB_DECISIONS": addresses.hub("gateway", "decisions"),
        "APPROVAL_PUBLIC_KEY": addresses.state.approval_public_key(),
        "PERSONA_GROUPS": json.dumps(persona_groups()),
    }


def _scoring(addresses: Addresses) -> dict[str, str]:
    return {
        "WORKSPACES": json.dumps(WORKSPACES),
        "HUB_PREDICTIONS": addresses.hub("scoring", "predictions"),
        "SERVING_ENDPOINT": topology.SERVING_ENDPOINT,
        "CAPTURE_SAMPLING": "1.0",
    }
