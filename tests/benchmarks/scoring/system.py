"""The storage and the hub beside our server, as it has them in life, with a manifest for each model."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.core.exceptions import ResourceExistsError

from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.events import EndpointRef, ModelRef, PackageRef
from shared.packages import digest
from shared.ports import Manifest, Route
from tests.benchmarks.scoring.load import LOAD_CORE
from tests.benchmarks.scoring.packages import package
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer

_WORKSPACE = "/subscriptions/0/resourcegroups/bench/providers/microsoft.machinelearningservices/workspaces/bench"


@contextmanager
def system(models: Path, names: list[str]) -> Iterator[dict[str, dict[str, str]]]:
    """The settings of our server for each model; storage and hub run on the load's core."""
    with (
        TemporaryDirectory() as folder,
        Azurite(Path(folder) / "azurite") as azurite,
        EventHubsServer(Path(folder) / "hubs", {"predictions": 2}) as hubs,
    ):
        for process in (azurite.process, hubs.process):
            if process is not None:
                os.sched_setaffinity(process.pid, {int(LOAD_CORE)})
        os.environ["MODEL_CACHE"] = str(Path(folder) / "prepared")
        asyncio.run(_publish(azurite.connection_string, {name: models / f"{name}.onnx" for name in names}))
        yield {
            name: {
                "SLUICE_STORAGE": azurite.connection_string,
                "HUB_PREDICTIONS": hubs.connection_string("predictions"),
                "SERVING_ENDPOINT": name,
                "WORKSPACES": json.dumps([{"id": _WORKSPACE, "stages": ["production"]}]),
            }
            for name in names
        }


async def _publish(address: str, models: dict[str, Path]) -> None:
    storage = storage_clients(address)
    for container in ("models", "serving"):
        try:
            await storage.blobs.create_container(container)
        except ResourceExistsError:
            continue
    for name, model in models.items():
        await _serve(storage, name, package(model.read_bytes()), "1")
    await storage.close()


async def _serve(storage: Storage, name: str, files: dict[str, bytes], version: str) -> None:
    """Adopt this package and make it what the endpoint serves."""
    ref = PackageRef(model=ModelRef(workspace=_WORKSPACE, name="m", version=version), digest=digest(files))
    await BlobModelPackages(storage.blobs).adopt(ref.digest, files)
    manifests = BlobServingManifests(storage.blobs)
    present = await manifests.read(EndpointRef(workspace=_WORKSPACE, name=name))
    await manifests.swap(
        Manifest(
            endpoint=present.endpoint,
            generation=present.generation + 1,
            routes=(Route(package=ref),),
            previous=present.routes[0] if present.routes else None,
            changed_by=f"bench-{version}",
        )
    )


def serve(address: str, name: str, files: dict[str, bytes], version: str) -> None:
    """As promotion does, from another process's point of view."""

    async def work() -> None:
        storage = storage_clients(address)
        await _serve(storage, name, files, version)
        await storage.close()

    asyncio.run(work())
