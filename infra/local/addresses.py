"""Where everything of one run is and which key opens it: connection strings and URLs, made from topology and state."""

from dataclasses import dataclass
from pathlib import Path

from infra.local import topology
from infra.local.azurite import SERVICES, Account
from infra.local.ports import HOST
from infra.local.state import State, client_id

ROOT_KEY = "RootManageSharedAccessKey"
_PROVIDER = (
    f"/subscriptions/{topology.SUBSCRIPTION}/resourceGroups/{topology.RESOURCE_GROUP}"
    "/providers/Microsoft.MachineLearningServices/workspaces"
)
# Each stage has a workspace here, which is named like it.
WORKSPACES = [
    {"id": f"{_PROVIDER}/{name}", "stages": [name], "location": "local", "project": "flights"}
    for name in topology.WORKSPACES
]


@dataclass(frozen=True)
class Addresses:
    """One run: its folder, its ports and keys, and the bundle of trusted certificates."""

    run_dir: Path
    state: State
    bundle: Path

    def endpoints(self) -> dict[str, str]:
        """Return the URL of everything that listens."""
        ports = self.state.ports
        return {
            "event_hubs": f"sb://localhost:{ports['event_hubs']}",
            "event_hubs_admin": f"http://{HOST}:{ports['event_hubs_admin']}",
            "event_hubs_tls": f"sb://localhost:{ports['event_hubs_tls']}",
            "event_hubs_websockets": f"wss://localhost:{ports['event_hubs_websockets']}",
            **{service: self.account(topology.STORAGE_ACCOUNT).endpoint(service) for service in SERVICES},
            **{app: f"http://{HOST}:{ports[app]}" for app in topology.APPS},
            "azure_ml": f"https://localhost:{ports['azure_ml']}",
            "identity": f"http://{HOST}:{ports['identity']}",
        }

    def hub_root(self) -> str:
        """Return the connection string of the namespace, with all rights on every hub."""
        return self._hub_connection(ROOT_KEY, self.state.hub_root_key)

    def namespace(self) -> str:
        """Return where the hubs are, for whoever comes with a token."""
        return f"localhost:{self.state.ports['event_hubs']}"

    def hub(self, owner: str, hub: str) -> str:
        """Return the connection string for one hub of an owner that has a key."""
        name = f"{owner}-{hub}"
        return f"{self._hub_connection(name, self.state.hub_keys[name])};EntityPath={hub}"

    def _hub_connection(self, name: str, key: str) -> str:
        endpoint = f"sb://localhost:{self.state.ports['event_hubs']}"
        return f"Endpoint={endpoint};SharedAccessKeyName={name};SharedAccessKey={key};UseDevelopmentEmulator=true"

    def account(self, name: str) -> Account:
        """Return a storage account."""
        return Account(name, self.state.account_keys[name], self.state.ports)

    def accounts(self) -> list[Account]:
        """Return all storage accounts."""
        return [self.account(name) for name in self.state.account_keys]

    def storage_root(self) -> str:
        """Return the connection string of the product's account, with the account key."""
        return self.account(topology.STORAGE_ACCOUNT).connection_string()

    def storage(self, owner: str) -> str:
        """Return the connection string of the product's account with just this owner's rights."""
        grant = topology.STORAGE_GRANTS[owner]
        return self.account(topology.STORAGE_ACCOUNT).limited(grant.services, grant.permissions)

    def identity(self, name: str) -> dict[str, str]:
        """Return the variables by which an app asks for its tokens: what App Service sets, and which identity to be."""
        return {
            "IDENTITY_ENDPOINT": f"{self.endpoints()['identity']}/identity/token",
            "IDENTITY_HEADER": self.state.identity_headers[name],
            "AZURE_CLIENT_ID": client_id(name),
        }

    def workspace(self, identity: str) -> dict[str, str]:
        """Return the variables with which the unmodified Azure ML SDK reaches the local workspaces as this identity."""
        return {
            "AZUREML_DEV_URL_MFE": self.endpoints()["azure_ml"],
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
            **self.identity(identity),
        }
