"""What the emulator knows and keeps, below everything that reads or changes it."""

import secrets
from collections import Counter
from pathlib import Path

from infra.local.azure_ml.arm import PROVIDER
from infra.local.azure_ml.config import Config
from infra.local.azure_ml.events.outbox import Outbox, Sink
from infra.local.azure_ml.faults import Faults
from infra.local.azure_ml.identity import Identities
from infra.local.azure_ml.journal import Journal
from infra.local.azure_ml.resources import Json, Resources
from infra.local.azure_ml.storage import Storage


class State:
    """`secret` signs the addresses of logs and is as old as the process."""

    def __init__(self, config: Config, folder: Path, sink: Sink | None) -> None:
        self.config, self.folder = config, folder
        self._journal = Journal(folder / "state.jsonl")
        records = self._journal.read()
        self.resources = Resources(self._journal, records)
        self.outbox = Outbox(self._journal, sink, records)
        self._journal.compact([*self.resources.records(), *self.outbox.records()])
        self.storage = Storage(config.storage)
        self.identities = Identities(config)
        self.faults = Faults()
        self.requests = Counter[tuple[str, str]]()
        self.secret = secrets.token_bytes(32)
        self._workspaces = {workspace.name.lower(): workspace.name for workspace in config.workspaces}

    def close(self) -> None:
        """Write nothing any more."""
        self._journal.close()

    def workspaces(self) -> list[str]:
        return list(self._workspaces.values())

    def workspace(self, name: str) -> str | None:
        """The configured spelling of a workspace's name, or None when there is none."""
        return self._workspaces.get(name.lower())

    def workspace_id(self, name: str) -> str:
        config = self.config
        group = f"/subscriptions/{config.subscription_id}/resourceGroups/{config.resource_group}"
        return f"{group}/providers/{PROVIDER}/workspaces/{name}"

    def storage_account_id(self) -> str:
        config = self.config
        group = f"/subscriptions/{config.subscription_id}/resourceGroups/{config.resource_group}"
        return f"{group}/providers/Microsoft.Storage/storageAccounts/{self.storage.account}"

    def envelope(self, path: str) -> Json:
        """`id`, `name` and `type` of the resource at a store path `workspace/kind/name/...`."""
        workspace, *parts = path.split("/")
        kinds = "/".join(parts[::2])
        return {
            "id": f"{self.workspace_id(workspace)}/{'/'.join(parts)}",
            "name": parts[-1],
            "type": f"{PROVIDER}/workspaces/{kinds}",
        }

    def job_folder(self, path: str) -> Path:
        workspace, _, name = path.split("/")
        return self.folder / "jobs" / workspace / name
