"""The scoring app as a process of its own, through either of its doors, against real storage and a real hub."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import aiohttp
from azure.core.exceptions import ResourceExistsError
from azure.eventhub.aio import EventHubConsumerClient

from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.events import EndpointRef, Envelope, PackageRef, decode
from shared.ports import Manifest, Route
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually
from tests.support.onnx_models import package_files, package_ref

type Door = Literal["functions", "server"]

REPOSITORY = Path(__file__).resolve().parents[2]
GROUP = "/subscriptions/0/resourcegroups/rg/providers/microsoft.machinelearningservices/workspaces"


class ScoringApp:
    """Start it, ask it, change what it serves. `name` tells endpoints of tests apart that share one storage."""

    def __init__(self, door: Door, directory: Path, azurite: Azurite, predictions: str, name: str, **settings: str):
        self.door = door
        self.directory = directory
        self.address = azurite.connection_string
        self.endpoint = EndpointRef(workspace=f"{GROUP}/production", name=name)
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.headers: dict[str, str] = {}
        self._settings = {
            "AzureWebJobsStorage": azurite.connection_string,
            "SLUICE_STORAGE": azurite.connection_string,
            "HUB_PREDICTIONS": predictions,
            "SERVING_ENDPOINT": name,
            "WORKSPACES": json.dumps([{"id": f"{GROUP}/production", "stages": ["production"]}]),
            "INFERENCE_THREADS": "1",
            **settings,
        }

    @property
    def log(self) -> str:
        return (self.directory / "app.log").read_text()

    async def start(self) -> None:
        """Return once it listens."""
        self.directory.mkdir(parents=True, exist_ok=True)
        ready = self.directory / "ready.json"
        with (self.directory / "app.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once, and `stop` is not async
                self._command(ready), cwd=REPOSITORY, env=os.environ | self._settings, stdout=log, stderr=log
            )
        await aeventually(lambda: self._is_ready(ready))
        self.url = f"http://127.0.0.1:{json.loads(ready.read_text())['port']}"
        if self.door == "functions":
            keys = json.loads((self.directory / "keys.json").read_text())
            self.headers = {"x-functions-key": keys["host"]["default"]}

    def _command(self, ready: Path) -> list[str]:
        if self.door == "server":
            return [sys.executable, "-m", "function_app.scoring.serve", "--port", "0", "--ready-file", str(ready)]
        settings = self.directory / "settings.json"
        settings.write_text(json.dumps({"IsEncrypted": False, "Values": self._settings}))
        app = ["--app", "function_app/scoring", "--name", "scoring", "--port", "0", "--settings", str(settings)]
        app += ["--keys", str(self.directory / "keys.json"), "--ready-file", str(ready), "--path", str(REPOSITORY)]
        return [sys.executable, "-m", "infra.local.functions_host", *app]

    async def _is_ready(self, ready: Path) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log[-4000:]
        return ready.exists()  # noqa: ASYNC240 - a look at a local file

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=120)

    async def serve(self, *routes: PackageRef | Route, previous: Route | None = None) -> Manifest:
        """Write the next generation of its manifest."""
        storage = storage_clients(self.address)
        manifests = BlobServingManifests(storage.blobs)
        generation = (await manifests.read(self.endpoint)).generation + 1
        given = tuple(each if isinstance(each, Route) else Route(package=each) for each in routes)
        manifest = Manifest(
            endpoint=self.endpoint, generation=generation, routes=given, previous=previous, changed_by=str(generation)
        )
        await manifests.swap(manifest)
        await storage.close()
        return manifest

    async def adopt_own(self, version: str = "1") -> PackageRef:
        """One that no other test has: who alters its blobs spoils nothing else, and no model cache holds it."""
        return await self.adopt(version, weight=int.from_bytes(os.urandom(4)) / 2**33)

    async def adopt(self, version: str = "1", weight: float = 1.0, padding_bytes: int = 0) -> PackageRef:
        storage = storage_clients(self.address)
        files = package_files(weight, padding_bytes=padding_bytes)
        package = package_ref(files, version)
        await BlobModelPackages(storage.blobs).adopt(package.digest, files)
        await storage.close()
        return package

    async def serves(self, session: aiohttp.ClientSession, version: str, model: str = "flights") -> None:
        """Return once unversioned requests for this model meet this version."""

        async def found() -> bool:
            async with session.get(f"{self.url}/v2/models/{model}") as response:
                return response.status == 200 and version in (await response.json())["versions"]

        await aeventually(found)

    async def ask(
        self, session: aiohttp.ClientSession, request: Any, path: str = "/v2/models/flights/infer", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, body and lower-case headers of one answer."""
        body = request if isinstance(request, bytes) else json.dumps(request)
        given = {**self.headers, "content-type": "application/json", **headers}
        async with session.post(self.url + path, data=body, headers=given) as response:
            text = await response.read()
            is_json = response.headers.get("content-type", "").startswith("application/json")
            return (
                response.status,
                json.loads(text) if is_json and text else text,
                {name.lower(): value for name, value in response.headers.items()},
            )


async def make_containers(azurite: Azurite) -> None:
    storage = storage_clients(azurite.connection_string)
    for name in ("models", "serving"):
        try:
            await storage.blobs.create_container(name)
        except ResourceExistsError:
            continue
    await storage.close()


class HubReader:
    """Everything that arrives in hub `predictions` about one endpoint, from the beginning."""

    def __init__(self, server: EventHubsServer, endpoint: EndpointRef) -> None:
        self.envelopes: list[Envelope[Any]] = []
        self._endpoint = endpoint
        self._client = EventHubConsumerClient.from_connection_string(
            server.connection_string("predictions"), consumer_group="$Default"
        )
        self._task = asyncio.create_task(self._client.receive_batch(self._take, starting_position="-1"))

    async def _take(self, _partition: Any, events: Sequence[Any]) -> None:
        found = [decode(b"".join(event.body)) for event in events]
        self.envelopes += [each for each in found if each.data.endpoint == self._endpoint]

    def of(self, kind: type) -> list[Any]:
        return [each.data for each in self.envelopes if isinstance(each.data, kind)]

    async def until(self, check: Any) -> None:
        async def holds() -> bool:
            return bool(check())

        await aeventually(holds)

    async def close(self) -> None:
        await self._client.close()
        self._task.cancel()
