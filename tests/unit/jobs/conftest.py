"""Two versions of the flights model and a broken one, trained once; a storage account as jobs find it."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob.aio import BlobServiceClient
from pydantic import BaseModel

from function_app.jobs.__main__ import run
from infra.pipelines.flights.broken import spoil
from infra.pipelines.flights.data import FEATURES, rows
from infra.pipelines.flights.model import predict
from infra.pipelines.flights.train import train
from services.monitoring.keeping import Keeping
from shared.events import EndpointRef, LabelsRecorded, PackageRef, PredictionsCaptured, canonical
from tests.support.azurite import Azurite
from tests.unit.jobs.material import captured, package_ref, recorded

type Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Flights:
    """`first` was trained until 2013-01-15, `second` until 2013-05-01, `broken` is `second` on shuffled labels."""

    first: Files
    second: Files
    broken: Files


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Flights:
    folder = tmp_path_factory.mktemp("packages")
    train("2013-01-01", "2013-01-15", folder / "first", trees=20)
    train("2013-03-15", "2013-05-01", folder / "second", trees=40)
    spoil(folder / "second", folder / "broken")
    return Flights(**{name: _files(folder / name) for name in ("first", "second", "broken")})


def _files(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@dataclass
class Bench:
    """Storage as the other apps leave it for a job, and the job itself."""

    blobs: BlobServiceClient
    address: str

    async def put(self, container: str, name: str, body: bytes) -> None:
        await self.blobs.get_blob_client(container, name).upload_blob(body, overwrite=True)

    async def adopt(self, files: Files, version: str = "1") -> PackageRef:
        ref = package_ref(files, version)
        for name, body in files.items():
            await self.put("models", f"{ref.digest}/{name}", body)
        return ref

    async def replay(self, where: EndpointRef, package: PackageRef, files: Files, table: pd.DataFrame) -> None:
        """Score the flights and keep captures and labels."""
        label, probability = predict(files["model.onnx"], table)
        scored = table.assign(label=label, probability=probability.astype(float))
        await self.keep("captures", captured(where, package, scored, FEATURES))
        await self.keep("labels", recorded(where, scored))

    async def keep(self, container: str, *blocks: PredictionsCaptured | LabelsRecorded) -> None:
        """As monitoring keeps what it folds in one batch."""

        async def put(where: EndpointRef, name: str, body: bytes) -> None:
            await self.put(container, f"{where.entity.table_key}/{name}.jsonl", body)

        keeping = Keeping(put, partition=0)
        for sequence, block in enumerate(blocks):
            await keeping.add(sequence, block)
        await keeping.done()

    async def run(self, kind: str, request: BaseModel, job: str) -> dict[str, Any]:
        """The report, as found through the job's pointer."""
        body = canonical(request.model_dump(mode="json"))
        digest = hashlib.sha256(body).hexdigest()
        await self.put("evidence", f"{digest[:2]}/{digest}", body)
        await run(kind, digest, job, self.address)
        found = (await self.read(f"reports/{job}")).decode()
        report: dict[str, Any] = json.loads(await self.read(f"{found[:2]}/{found}"))
        return report

    async def read(self, name: str) -> bytes:
        return await (await self.blobs.get_blob_client("evidence", name).download_blob()).readall()


@pytest.fixture
async def bench(azurite: Azurite) -> AsyncIterator[Bench]:
    async with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        for container in ("evidence", "models", "captures", "labels", "batch-in", "batch-out"):
            try:
                await blobs.create_container(container)
            except ResourceExistsError:
                continue
        yield Bench(blobs, azurite.connection_string)


@pytest.fixture(scope="session")
def may() -> pd.DataFrame:
    """Every sixth flight of the first three weeks of May."""
    return rows("2013-05-01", "2013-05-22").iloc[::6]
