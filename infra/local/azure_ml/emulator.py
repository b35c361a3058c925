"""The parts of the emulator, put together: state, long-running operations, jobs, events."""

import asyncio
from functools import partial
from pathlib import Path

from infra.local.azure_ml import deployments
from infra.local.azure_ml.config import ANY, Config
from infra.local.azure_ml.events.blobs import BlobWatch
from infra.local.azure_ml.events.outbox import Sink
from infra.local.azure_ml.jobs.runner import Runner
from infra.local.azure_ml.operations import Operations
from infra.local.azure_ml.state import State
from infra.local.azure_ml.storage import CONTAINER
from infra.local.azure_ml.versions import store_version


class Emulator:
    """What runs, and the state that it works on."""

    def __init__(self, config: Config, folder: Path, sink: Sink | None) -> None:
        self.state = State(config, folder, sink)
        self.operations = Operations(self.state, partial(deployments.announce, self.state))
        self.runner = Runner(self.state)
        self._deliveries: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on where the last process stopped."""
        state, events = self.state, self.state.config.events
        await state.storage.ensure(CONTAINER)
        self._register_environments()
        self._deliveries = asyncio.create_task(state.outbox.run())
        if events and events.watched:
            watch = BlobWatch(state.storage, events.watched, state.storage_account_id(), state.outbox.publish)
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
        self.state.close()

    def _register_environments(self) -> None:
        """The configured environments exist as version 1 in every workspace."""
        for workspace in self.state.workspaces():
            for name in self.state.config.environments.keys() - {ANY}:
                path = f"{workspace}/environments/{name}/versions/1"
                if self.state.resources.get(path) is None:
                    properties = {"image": "this machine", "isArchived": False, "tags": {}, "properties": {}}
                    store_version(self.state, path, properties)
