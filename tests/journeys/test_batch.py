"""A file's whole way over the wire: handed over, told of, scored by a job, answered by an event (R042)."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.storage.blob import BlobServiceClient

from infra.demo.observer import CloudEvent, Observer
from infra.local import lifecycle
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.events import EndpointRef
from shared.ports import Manifest, Route
from shared.settings.operator import OperatorSettings
from tests.local.test_lifecycle import folder_with_free_ports, up
from tests.support.eventually import aeventually
from tests.support.onnx_models import expected_probability, package_files, package_ref, sample_rows

pytestmark = [pytest.mark.journey]


@dataclass
class System:
    """A local system without gateway and scoring, in which version 1 of `flights` serves."""

    folder: Path
    run: dict[str, Any]
    digest: str

    def sluice(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "function_app.operator", *arguments, "--run-dir", str(self.folder)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE")}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def submit(self, name: str, rows: list[dict[str, Any]]) -> str:
        """The ETag under which it was taken."""
        path = self.folder / name
        pq.write_table(pa.Table.from_pylist(rows), path)
        done = self.sluice("score", str(path), "--submit", "--endpoint", "flights", "--json")
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["etag"])

    def wait_for(
        self, name: str, rows: list[dict[str, Any]], endpoint: str = "flights"
    ) -> subprocess.CompletedProcess[str]:
        path = self.folder / name
        pq.write_table(pa.Table.from_pylist(rows), path)
        return self.sluice("score", str(path), "--submit", "--wait", "--timeout", "500", "--endpoint", endpoint)

    def put(self, blob: str, body: bytes) -> None:
        with BlobServiceClient.from_connection_string(self.storage("submitters")) as blobs:
            blobs.get_blob_client("batch-in", blob).upload_blob(body)

    def result(self, output: str) -> list[dict[str, Any]]:
        """As whoever handed the file over may read it."""
        rows: list[dict[str, Any]] = []
        with BlobServiceClient.from_connection_string(self.storage("submitters")) as blobs:
            container = blobs.get_container_client("batch-out")
            for name in sorted(container.list_blob_names(name_starts_with=f"{output}/part-")):
                rows += pq.read_table(io.BytesIO(container.download_blob(name).readall())).to_pylist()
        return rows

    def storage(self, owner: str) -> str:
        return str(self.run["connection_strings"]["storage"][owner])


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = folder_with_free_ports(tmp_path_factory.mktemp("batch"))
    run = up(folder, "--apps", "control")
    files = package_files()
    asyncio.run(serve(folder, run, files))
    yield System(folder, run, package_ref(files).digest)
    lifecycle.down(folder)


async def serve(folder: Path, run: dict[str, Any], files: dict[str, bytes]) -> None:
    """As promotion does."""
    production = OperatorSettings.from_run_file(folder / "run.json").serving_workspace()
    endpoint = EndpointRef(workspace=production, name="flights")
    clients = storage_clients(run["connection_strings"]["storage"]["control"])
    await BlobModelPackages(clients.blobs).adopt(package_ref(files).digest, files)
    route = Route(package=package_ref(files))
    await BlobServingManifests(clients.blobs).swap(
        Manifest(endpoint=endpoint, generation=1, routes=(route,), changed_by="test")
    )
    await clients.close()


async def come(observer: Observer, kind: str, **file: str) -> CloudEvent:
    """The first such event, waited for."""
    found = await aeventually(lambda: _now(observer, kind, file), timeout_s=500)
    return found[0]


async def _now(observer: Observer, kind: str, file: dict[str, str]) -> list[CloudEvent]:
    return about(observer, kind, **file)


def about(observer: Observer, kind: str, **file: str) -> list[CloudEvent]:
    """Events of this type about files with these attributes."""
    found = [event for event in observer.seen["events"] if event["type"] == f"mlops.batch.{kind}"]
    return [event for event in found if file.items() <= event["data"]["file"].items()]


async def test_a_file_that_is_handed_over_is_scored_once_and_said_so(system: System) -> None:
    rows = sample_rows(500)
    rows[7]["distance"] = None
    async with Observer(system.run["connection_strings"]["event_hubs"]["root"]) as observer:
        etag = await asyncio.to_thread(system.submit, "May 1.parquet", rows)
        await come(observer, "completed", etag=etag)
        (requested,), (started,) = about(observer, "requested", etag=etag), about(observer, "started", etag=etag)
        (completed,) = about(observer, "completed", etag=etag)
        assert not about(observer, "failed", etag=etag)
    assert started["causationid"] == requested["id"]
    assert completed["correlationid"] == started["correlationid"] == requested["correlationid"]
    said = completed["data"]
    assert (said["rows"], said["rejected"], said["rejected_by"]) == (500, 1, {"distance": 1})
    assert said["package"]["digest"] == system.digest
    assert said["file"]["name"] == "flights/May 1.parquet"
    found = system.result(said["output"])
    good = [row for row in range(500) if row != 7]
    assert [each["row"] for each in found] == good
    expected = [expected_probability(rows[row]) for row in good]
    assert [each["probability"] for each in found] == pytest.approx(expected, abs=1e-5)


def test_who_waits_for_the_answer_reads_it_and_gets_the_exit_code_of_scoring_here(system: System) -> None:
    rows = sample_rows(20)
    good = system.wait_for("whole.parquet", rows)
    assert (good.returncode, good.stderr) == (0, "")
    assert "20 of 20 rows scored" in good.stdout
    rows[3]["distance"] = None
    some = system.wait_for("some.parquet", rows)
    assert some.returncode == 1, some.stderr
    assert "19 of 20 rows scored" in some.stdout
    assert "1 rows rejected (distance 1)" in some.stderr
    nobody = system.wait_for("whole.parquet", rows, endpoint="nobody")
    assert nobody.returncode == 2
    assert "endpoint nobody serves nothing" in nobody.stderr


async def test_a_new_version_of_a_file_is_new_work(system: System) -> None:
    async with Observer(system.run["connection_strings"]["event_hubs"]["root"]) as observer:
        for seed in (1, 2):
            etag = await asyncio.to_thread(system.submit, "again.parquet", sample_rows(5, seed))
            await come(observer, "completed", etag=etag)
        outputs = {each["data"]["output"] for each in about(observer, "completed", name="flights/again.parquet")}
    assert len(outputs) == 2


@pytest.mark.parametrize(
    ("blob", "body", "words"),
    [
        ("alone.parquet", b"x", "batch-in/<endpoint>/<name>.parquet"),
        ("flights/notes.txt", b"x", "is required, found batch-in/flights/notes.txt"),
        ("nobody/x.parquet", b"x", "endpoint nobody serves nothing"),
        ("flights/$(touch pwned) `no parquet`.parquet", b"x" * 100, "not a parquet file that can be read"),
    ],
)
async def test_whatever_else_is_put_there_is_said_to_have_failed_and_why(
    system: System, blob: str, body: bytes, words: str
) -> None:
    async with Observer(system.run["connection_strings"]["event_hubs"]["root"]) as observer:
        await asyncio.to_thread(system.put, blob, body)
        failed = await come(observer, "failed", name=blob)
    assert words in failed["data"]["reason"]
