"""`sluice score` against a storage account in which a model serves: exit codes, side file, and an end in between."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from azure.storage.blob import BlobServiceClient
from typer.testing import Result

from services.scoring.files import ChunkScorer, FileOptions, TextFormat
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.events import EndpointRef, PackageRef
from shared.ports import Manifest, Route
from shared.settings.operator import OperatorSettings
from tests.integration.operator.conftest import sluice
from tests.support.azurite import Azurite
from tests.support.eventhubs import HubSpec, StartEventHubs
from tests.support.eventually import eventually
from tests.support.onnx_models import expected_probability, package_files, package_ref, sample_rows

pytestmark = pytest.mark.local_only
_PROVIDER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces"
WORKSPACES = [{"id": f"{_PROVIDER}/p", "stages": ["production"]}]
CONTAINERS = ("models", "serving", "batch-in")


@dataclass
class Served:
    """Endpoint `flights` serves version 3; `folder` is where the person sits."""

    address: str
    package: PackageRef
    folder: Path

    def file(self, name: str, rows: list[dict[str, Any]]) -> str:
        path = self.folder / name
        table = pa.Table.from_pylist(rows)
        (pyarrow.csv.write_csv if path.suffix == ".csv" else pq.write_table)(table, path)
        return str(path)

    def path(self, name: str) -> Path:
        return self.folder / name

    def left(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def score(self, source: str, *arguments: str, endpoint: str = "flights") -> Result:
        return sluice("score", source, *arguments, "--endpoint", endpoint)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite(tmp_path_factory.mktemp("score")) as running:
        with BlobServiceClient.from_connection_string(running.connection_string) as blobs:
            for container in CONTAINERS:
                blobs.create_container(container)
        yield running


@pytest.fixture(scope="module")
def package(storage: Azurite) -> PackageRef:
    files = package_files()
    ref = package_ref(files, "3")
    asyncio.run(serve(storage.connection_string, ref, files))
    return ref


async def serve(address: str, package: PackageRef, files: dict[str, bytes]) -> None:
    clients = storage_clients(address)
    found = OperatorSettings.model_validate({"workspaces": WORKSPACES})
    endpoint = EndpointRef(workspace=found.serving_workspace(), name="flights")
    await BlobModelPackages(clients.blobs).adopt(package.digest, files)
    manifest = Manifest(endpoint=endpoint, generation=1, routes=(Route(package=package),), changed_by="test")
    await BlobServingManifests(clients.blobs).swap(manifest)
    await clients.close()


@pytest.fixture
def served(storage: Azurite, package: PackageRef, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Served:
    for name in OperatorSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    address = storage.connection_string
    for name, value in {
        "WORKSPACES": json.dumps(WORKSPACES),
        "SLUICE_STORAGE": address,
        "BATCH_STORAGE": address,
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SLUICE_LOCAL", raising=False)
    return Served(address, package, tmp_path)


def test_a_file_is_scored_with_the_package_that_serves(served: Served) -> None:
    rows = [{"key": f"k{n}", **row} for n, row in enumerate(sample_rows(2_500))]
    result = served.score(served.file("in.parquet", rows), str(served.path("out.parquet")), "--chunk-rows", "1000")
    assert result.exit_code == 0, result.stderr
    assert f"2,500 of 2,500 rows scored by flights:3 ({served.package.digest[:12]}, generation 1)" in result.stdout
    assert "rows/s" in result.stdout
    out = pq.read_table(served.path("out.parquet")).to_pylist()
    assert [each["row"] for each in out] == list(range(2_500))
    assert [each["key"] for each in out] == [row["key"] for row in rows]
    assert [each["probability"] for each in out] == pytest.approx([expected_probability(row) for row in rows], abs=1e-5)
    assert served.left() == {"in.parquet", "out.parquet"}


def test_rejected_rows_go_to_the_side_file_and_exit_code_1(served: Served) -> None:
    rows = sample_rows(20)
    rows[4]["distance"], rows[9]["month"] = None, None
    result = served.score(served.file("in.parquet", rows), str(served.path("out.parquet")), "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["rows"], said["rejected"], said["rejected_by"]) == (20, 2, {"distance": 1, "month": 1})
    assert said["digest"] == served.package.digest
    side = pq.read_table(said["rejected_rows"]).to_pylist()
    assert [(each["row"], each["field"]) for each in side] == [(4, "distance"), (9, "month")]
    assert len(pq.read_table(served.path("out.parquet"))) == 18
    assert served.left() == {"in.parquet", "out.parquet", "out.parquet.rejected.parquet"}
    good = served.score(served.file("good.parquet", sample_rows(3)), str(served.path("out.parquet")), "--force")
    assert good.exit_code == 0
    assert "out.parquet.rejected.parquet" not in served.left()


def test_csv_in_and_csv_out(served: Served) -> None:
    rows = sample_rows(30)
    result = served.score(served.file("in.csv", rows), str(served.path("out.csv")))
    assert result.exit_code == 0, result.stderr
    out = pyarrow.csv.read_csv(served.path("out.csv")).to_pylist()
    assert [each["probability"] for each in out] == pytest.approx([expected_probability(row) for row in rows], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{in}"], "either OUT or --submit"),
        (["{in}", "{folder}/out.parquet", "--submit"], "either OUT or --submit"),
        (["{folder}/none.parquet", "{folder}/out.parquet"], "there is no such file"),
        (["{in}", "{folder}/out.xlsx"], "the result is a .parquet or a .csv file"),
        (["{in}", "{folder}/none/out.parquet"], "a folder that may be written to"),
        (["{in}", "{in}"], "exists; --force replaces it"),
        (["{text}", "{folder}/out.parquet"], "a file that ends with .parquet, .csv, .tsv, .csv.gz or .tsv.gz is requ"),
        (["{in}", "{folder}/out.parquet", "--separator", ";;"], "--separator: one character is required"),
        (["{in}", "{folder}/out.parquet", "--missing", "NA"], "a Parquet file has types"),
        (["{in}", "{folder}/out.parquet", "--files-in", "{folder}"], "--path-column names a column of texts"),
        (["{in}", "{folder}/out.parquet", "--path-column", "carrier"], "--path-column is for --files-in"),
        (["{in}", "--submit", "--files-in", "{folder}"], "a job has no such folder"),
        (["{broken}", "{folder}/out.parquet"], "not a parquet file that can be read"),
        (["{lacking}", "{folder}/out.parquet"], "column month: it is missing"),
        (["{in}", "{folder}/out.parquet", "--endpoint", "other"], "endpoint other serves nothing"),
        (["{in}", "{folder}/out.parquet", "--endpoint", "../x"], "--endpoint"),
        (["{in}", "{folder}/out.parquet", "--endpoint", ""], "--endpoint is required"),
    ],
)
def test_what_keeps_it_from_running_is_one_sentence_and_exit_code_2(
    served: Served, arguments: list[str], words: str
) -> None:
    rows = sample_rows(3)
    lacking = [{name: cell for name, cell in row.items() if name != "month"} for row in rows]
    served.path("broken.parquet").write_bytes(b"no")
    served.path("notes.txt").write_bytes(b"no")
    names = {
        "in": served.file("in.parquet", rows), "folder": str(served.folder), "text": str(served.path("notes.txt")),
        "broken": str(served.path("broken.parquet")), "lacking": served.file("lacking.parquet", lacking),
    }  # fmt: skip
    before = served.left()
    result = sluice("score", "--endpoint", "flights", *(each.format(**names) for each in arguments))
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert served.left() == before


def test_a_mistake_of_ours_is_one_sentence_and_exit_code_2(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 says that some rows were rejected, and a traceback says nothing."""

    def mistaken(*_: object) -> None:
        raise pa.ArrowInvalid("Column 1 named variable expected length 5\nbut got length 15")

    monkeypatch.setattr(ChunkScorer, "score", mistaken)
    result = served.score(served.file("in.parquet", sample_rows(3)), str(served.path("out.parquet")))
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert said.startswith("sluice: nothing was written: unforeseen: ArrowInvalid at test_score.py:")
    assert said.endswith(": Column 1 named variable expected length 5")
    assert served.left() == {"in.parquet"}


def test_a_file_as_a_spreadsheet_of_another_country_writes_it(served: Served) -> None:
    source = served.path("in.csv")
    source.write_bytes("month;delay;distance;carrier;ort\n5;NA;1400,5;UA;Köln\n6;-2,5;99;B6;Kiel\n".encode("latin-1"))
    target, options = str(served.path("out.parquet")), ["--separator", ";", "--decimal", ",", "--missing", "NA"]
    without = served.score(str(source), target)
    assert without.exit_code == 2
    assert "--separator ';'" in without.stderr
    result = served.score(str(source), target, *options, "--encoding", "latin-1", "--prefix", "model_")
    assert result.exit_code == 0, result.stderr
    rows: list[dict[str, Any]] = [
        {"distance": 1400.5, "delay": None, "carrier": "UA", "month": 5},
        {"distance": 99.0, "delay": -2.5, "carrier": "B6", "month": 6},
    ]
    out = pq.read_table(served.path("out.parquet")).to_pylist()
    assert [each["ort"] for each in out] == ["Köln", "Kiel"]
    assert [each["model_row"] for each in out] == [0, 1]
    assert [each["model_probability"] for each in out] == pytest.approx(list(map(expected_probability, rows)), abs=1e-5)


def test_drafts_of_a_run_that_was_killed_are_removed_by_the_next_one_and_said(served: Served) -> None:
    source, target = served.file("in.parquet", sample_rows(200) * 2_000), str(served.path("out.parquet"))
    command = [sys.executable, "-m", "function_app.operator", "score", source, target]
    command += ["--endpoint", "flights", "--chunk-rows", "100"]
    process = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    drafts = {f".out.parquet.{process.pid}", f".out.parquet.rejected.parquet.{process.pid}"}
    eventually(lambda: drafts <= served.left())
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert drafts <= served.left()
    others = {f".out.parquet.{os.getppid()}", ".out.parquet.notes", f".other.parquet.{process.pid}"}
    for name in others:  # of a process that lives, of nobody, and of another result
        served.path(name).touch()
    small = served.file("small.parquet", sample_rows(3))
    result = served.score(small, target)
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "removed what a run left that was killed" in said
    assert all(name in said for name in drafts)
    assert served.left() == {"in.parquet", "small.parquet", "out.parquet", *others}


def test_an_altered_package_scores_nothing(served: Served, storage: Azurite) -> None:
    with BlobServiceClient.from_connection_string(storage.connection_string) as blobs:
        blob = blobs.get_blob_client("models", f"{served.package.digest}/metrics.json")
        proper = blob.download_blob().readall()
        blob.upload_blob(b'{"roc_auc": 1.0}', overwrite=True)
        result = served.score(served.file("in.parquet", sample_rows(3)), str(served.path("out.parquet")))
        blob.upload_blob(proper, overwrite=True)
    assert result.exit_code == 2
    assert "altered" in result.stderr


def test_storage_that_does_not_answer_or_makes_no_sense_is_exit_code_2(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = served.file("in.parquet", sample_rows(3)), str(served.path("out.parquet"))
    key, nowhere = "a2V5", "http://127.0.0.1:9/a"
    for address in (f"AccountName=a;AccountKey={key};BlobEndpoint={nowhere}", "nonsense"):
        monkeypatch.setenv("SLUICE_STORAGE", address)
        result = served.score(source, target)
        assert result.exit_code == 2
        assert key not in result.stderr
        assert result.stderr.startswith("sluice: ")
    assert served.left() == {"in.parquet"}


def test_control_c_leaves_nothing_behind(served: Served) -> None:
    source = served.file("in.parquet", sample_rows(200) * 2_000)
    command = [sys.executable, "-m", "function_app.operator", "score", source, str(served.path("out.parquet"))]
    command += ["--endpoint", "flights", "--chunk-rows", "100"]
    with served.path("said").open("wb") as said:
        process = subprocess.Popen(command, env=dict(os.environ), stdout=said, stderr=said)
    eventually(lambda: any(name.startswith(".out.parquet.") for name in served.left()))
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert b"interrupted; nothing was written" in served.path("said").read_bytes()
    assert b"Traceback" not in served.path("said").read_bytes()
    assert served.left() == {"in.parquet", "said"}


def test_a_file_that_is_submitted_lies_in_batch_in_under_its_endpoint(served: Served, storage: Azurite) -> None:
    source = served.file("May 1.parquet", sample_rows(5))
    result = served.score(source, "--submit", "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["blob"] == "batch-in/flights/May 1.parquet"
    with BlobServiceClient.from_connection_string(storage.connection_string) as blobs:
        blob = blobs.get_blob_client("batch-in", "flights/May 1.parquet")
        assert blob.download_blob().readall() == Path(source).read_bytes()
        assert blob.get_blob_properties().etag.strip('"') == said["etag"]
        assert blob.get_blob_properties().metadata == {}


def test_how_a_file_is_to_be_read_goes_with_it(served: Served, storage: Azurite) -> None:
    served.path("in.csv").write_text("distance;delay;carrier;month\n1,5;NA;UA;5\n")
    options = ["--separator", ";", "--decimal", ",", "--missing", "NA", "--prefix", "größe_"]
    result = served.score(str(served.path("in.csv")), "--submit", *options)
    assert result.exit_code == 0, result.stderr
    with BlobServiceClient.from_connection_string(storage.connection_string) as blobs:
        written = blobs.get_blob_client("batch-in", "flights/in.csv").get_blob_properties().metadata["sluice_options"]
    assert FileOptions.read(written) == FileOptions(TextFormat(";", ",", frozenset({"NA"})), "größe_")


def test_a_file_that_no_job_could_read_is_not_submitted(served: Served) -> None:
    served.path("broken.parquet").write_bytes(b"no")
    result = served.score(str(served.path("broken.parquet")), "--submit")
    assert result.exit_code == 2
    assert "not a parquet file" in result.stderr


def test_without_the_right_to_submit_the_error_names_the_setting(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BATCH_STORAGE")
    result = served.score(served.file("in.parquet", sample_rows(3)), "--submit")
    assert result.exit_code == 2
    assert "BATCH_STORAGE is not set" in result.stderr


def test_waiting_ends_in_time_and_says_so(
    served: Served, start_eventhubs: StartEventHubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs = start_eventhubs([HubSpec("events", 2, ("observers",))])
    monkeypatch.setenv("HUB_EVENTS", hubs.connection_string("events"))
    result = served.score(served.file("in.parquet", sample_rows(3)), "--submit", "--wait", "--timeout", "1")
    assert result.exit_code == 2
    assert "no answer within 1 s; the work goes on without us" in result.stderr


def test_only_what_is_submitted_can_be_waited_for(served: Served) -> None:
    source = served.file("in.parquet", sample_rows(3))
    result = served.score(source, str(served.path("out.parquet")), "--wait")
    assert result.exit_code == 2
    assert "--wait is for --submit" in result.stderr
