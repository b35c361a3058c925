"""What a data scientist does in Azure ML, by Azure ML's own client: submit training, register a model."""

import asyncio
import contextlib
import io
import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azure.storage.blob import ContainerClient

from infra.demo.run import Run

PIPELINE = Path(__file__).resolve().parents[1] / "pipelines" / "flights"
# Who asks for the promotion of what this workbench registers; somebody else has to approve it.
REQUESTER = "dana@example.com"
_ENDED = {"Completed", "Failed", "Canceled", "NotResponding"}


class JobFailed(Exception):
    """A training job did not complete."""


class Workbench:
    """One client for the development workspace; its calls are synchronous, so they run on threads."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._client: Any = None

    async def open(self) -> None:
        """Import the client (it takes seconds) and register the training component with its code."""
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        from azure.ai.ml import MLClient, load_component
        from azure.identity import ManagedIdentityCredential

        logging.getLogger("azure").setLevel(logging.ERROR)
        _, subscription, _, group, _, _, _, name = self._run.workspace_id("development").strip("/").split("/")
        self._client = MLClient(
            ManagedIdentityCredential(), subscription, group, name, enable_telemetry=False, show_progress=False,
            polling_interval=1,
        )  # fmt: skip
        for name in ("azure.ai.ml", "azure.ai.ml._utils._endpoint_utils"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # The client's upload writes colour codes to the terminal, whoever is telling a story there.
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            self._client.components.create_or_update(load_component(PIPELINE / "component.yml"))

    async def train(self, data_from: str, data_until: str, waiting: Callable[[str], None]) -> str:
        """Run the team's pipeline on these dates; the job's name once it has completed."""
        return await asyncio.to_thread(self._train, data_from, data_until, waiting)

    def _train(self, data_from: str, data_until: str, waiting: Callable[[str], None]) -> str:
        from azure.ai.ml import load_job

        name = f"flights-{uuid.uuid4().hex[:8]}"
        chosen = {"name": name, "inputs.data_from": data_from, "inputs.data_until": data_until}
        job = load_job(PIPELINE / "pipeline.yml", params_override=[{key: value} for key, value in chosen.items()])
        self._client.jobs.create_or_update(job)
        while (status := self._client.jobs.get(name).status) not in _ENDED:
            waiting(str(getattr(status, "value", status)).lower())
            time.sleep(0.5)
        if status != "Completed":
            raise JobFailed(f"training job {name} ended as {status}: see {self._run.folder}/azure_ml")
        return name

    async def register_output(self, job: str, version: str) -> None:
        """Register what the job wrote as the next version of `flights`."""
        await asyncio.to_thread(self._register, f"azureml://jobs/{job}/outputs/model/paths/", version)

    async def register_files(self, folder: Path, version: str) -> None:
        """Upload a package from this machine, and register it."""
        await asyncio.to_thread(self._register_files, folder, version)

    def _register_files(self, folder: Path, version: str) -> None:
        place = f"uploads/{uuid.uuid4().hex}"
        with ContainerClient.from_connection_string(self._run.storage, "azureml") as container:
            for file in sorted(folder.iterdir()):
                container.upload_blob(f"{place}/{file.name}", file.read_bytes())
        self._register(f"azureml://datastores/workspaceblobstore/paths/{place}/", version)

    async def download(self, version: str, folder: Path) -> None:
        """The package of a registered version."""
        await asyncio.to_thread(self._download, version, folder)

    def _download(self, version: str, folder: Path) -> None:
        """From where the client says that the files lie: its own download would look for Azure's storage host."""
        place = str(self._client.models.get("flights", version).path).partition("/paths/")[2]
        folder.mkdir(parents=True)
        with ContainerClient.from_connection_string(self._run.storage, "azureml") as container:
            for name in list(container.list_blob_names(name_starts_with=f"{place.rstrip('/')}/")):
                (folder / name.rpartition("/")[2]).write_bytes(container.download_blob(name).readall())

    def _register(self, path: str, version: str) -> None:
        from azure.ai.ml.entities import Model

        self._client.models.create_or_update(
            Model(name="flights", version=version, path=path, type="custom_model", tags={"sluice-requester": REQUESTER})
        )
