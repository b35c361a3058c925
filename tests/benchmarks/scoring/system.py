"""The storage and the hub beside our server, as it has them in life, with a manifest for each model."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.core.exceptions import ResourceExistsError

from shared.adapters.azure.model_packages import BlobModelPackages
from shared.adapters.azure.serving import BlobServingManifests
from shared.adapters.azure.storage import storage_clients
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
        asyncio.run(_publish(azurite.connection_string, {name: models / f"{name}.onnx" for name in names}))
        yield {
            name: {
                "SLUICE_STORAGE": azurite.connection_string,
                "PREDICTIONS": hubs.connection_string("predictions"),
                "SERVING_ENDPOINT": name,
                "AZURE_ML_SUBSCRIPTION": "0",
                "AZURE_ML_RESOURCE_GROUP": "bench",
                "AZURE_ML_PRODUCTION_WORKSPACE": "bench",
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
        files = package(model)
        ref = PackageRef(model=ModelRef(workspace=_WORKSPACE, name="m", version="1"), digest=digest(files))
        await BlobModelPackages(storage.blobs).adopt(ref.digest, files)
        endpoint = EndpointRef(workspace=_WORKSPACE, name=name)
        manifest = Manifest(endpoint=endpoint, generation=1, routes=(Route(package=ref),), changed_by="bench")
        await BlobServingManifests(storage.blobs).swap(manifest)
    await storage.close()
