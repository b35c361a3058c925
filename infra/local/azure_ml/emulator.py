"""The parts of the emulator, put together: configuration, state, storage, events, jobs."""

import asyncio
import secrets
from collections import Counter
from functools import partial
from pathlib import Path

from infra.local.azure_ml import deployments
from infra.local.azure_ml.arm import PROVIDER
from infra.local.azure_ml.config import Config
from infra.local.azure_ml.events.blobs import BlobWatch
from infra.local.azure_ml.events.outbox import Outbox, Sink
from infra.local.azure_ml.faults import Faults
from infra.local.azure_ml.identity import Identities
from infra.local.azure_ml.jobs.runner import Runner
from infra.local.azure_ml.journal import Journal
from infra.local.azure_ml.operations import Operations
from infra.local.azure_ml.resources import Json, Resources
from infra.local.azure_ml.storage import CONTAINER, Storage
from infra.local.azure_ml.versions import store_version


class Emulator:
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
        self.operations = Operations(self, partial(deployments.announce, self))
        self.runner = Runner(self)
        self._workspaces = {workspace.name.lower(): workspace.name for workspace in config.workspaces}
        self._deliveries: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on where the last process stopped."""
        await self.storage.ensure(CONTAINER)
        self._register_environments()
        self._deliveries = asyncio.create_task(self.outbox.run())
        if self.config.events and self.config.events.watched:
            watch = BlobWatch(self.storage, self.config.events.watched, self.storage_account_id(), self.outbox.publish)
            self._watching = asyncio.create_task(watch.run())
        self.operations.resume()
        self.runner.recover()

    async def stop(self) -> None:
        """Stop every process this one started; their jobs will be found running, and failed, at the next start."""
        await self.runner.close()
        await self.operations.close()
        for task in (self._watching, self._deliveries):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._journal.close()

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

    def _register_environments(self) -> None:
        """The configured environments exist as version 1 in every workspace."""
        for workspace in self._workspaces.values():
            for name in self.config.environments:
                path = f"{workspace}/environments/{name}/versions/1"
                if self.resources.get(path) is None:
                    properties = {"image": "this machine", "isArchived": False, "tags": {}, "properties": {}}
                    store_version(self, path, properties)
