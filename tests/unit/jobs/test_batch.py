"""The batch job: every row of a file exactly once, also when a job is killed, and never by another package (R042)."""

import asyncio
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow
import pyarrow.parquet
import pytest
from azure.core.exceptions import ResourceExistsError

from function_app.jobs.batch.blobs import BatchBlobs
from function_app.jobs.batch.counts import Counts
from services.scoring.files import FileOptions, TextFormat
from shared.events import FileRef, PackageRef, canonical
from shared.packages import BatchReport, BatchRequestBody
from shared.ports import Unavailable
from tests.support.eventually import aeventually
from tests.support.onnx_models import ENDPOINT, WORKSPACE, package_files, package_ref, sample_rows
from tests.support.scoring import Bench as Online
from tests.support.scoring import output
from tests.unit.jobs.conftest import Bench

FILES = package_files()


def table(count: int, **spoilt: Any) -> pyarrow.Table:
    """Rows with a key; `spoilt` are cells by `<column>_<row>`."""
    rows = [{"key": f"k{index}", **row} for index, row in enumerate(sample_rows(count))]
    for place, value in spoilt.items():
        column, _, row = place.rpartition("_")
        rows[int(row)][column] = value
    return pyarrow.Table.from_pylist(rows)


def parquet(rows: pyarrow.Table, row_group_size: int = 1000) -> bytes:
    body = io.BytesIO()
    pyarrow.parquet.write_table(rows, body, row_group_size=row_group_size)
    return body.getvalue()


class Batch:
    """One file handed over, and its request."""

    def __init__(self, bench: Bench, package: PackageRef) -> None:
        self.bench, self.package = bench, package
        self.output = f"flights/batch-{uuid4().hex}"

    async def request(
        self, body: bytes, suffix: str = ".parquet", chunk_rows: int = 100, options: str = ""
    ) -> BatchRequestBody:
        name = f"flights/{uuid4().hex}{suffix}"
        metadata = {"sluice_options": options} if options else None
        written = await self.bench.blobs.get_blob_client("batch-in", name).upload_blob(body, metadata=metadata)
        file = FileRef(workspace=WORKSPACE, name=name, etag=written["etag"], size=len(body))
        return BatchRequestBody(
            file=file, endpoint=ENDPOINT, package=self.package, generation=3, output=self.output, chunk_rows=chunk_rows
        )  # fmt: skip

    async def score(self, request: BatchRequestBody) -> BatchReport:
        report = await self.bench.run("batch", request, f"job-{uuid4().hex}")
        return BatchReport.model_validate(report)

    async def blobs(self, kind: str = "") -> dict[str, str]:
        """Name to ETag."""
        container = self.bench.blobs.get_container_client("batch-out")
        return {blob.name: blob.etag async for blob in container.list_blobs(f"{self.output}/{kind}")}

    async def rows(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for name in sorted(await self.blobs(kind)):
            stream = await self.bench.blobs.get_blob_client("batch-out", name).download_blob()
            found += pyarrow.parquet.read_table(io.BytesIO(await stream.readall())).to_pylist()
        return found


@pytest.fixture
async def batch(bench: Bench) -> Batch:
    ref = package_ref(FILES)
    for name, body in FILES.items():
        try:
            await bench.blobs.get_blob_client("models", f"{ref.digest}/{name}").upload_blob(body)
        except ResourceExistsError:
            continue
    return Batch(bench, ref)


@pytest.fixture
async def online() -> Online:
    """The core as it answers requests."""
    bench = Online()
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    return bench


async def answers(online: Online, rows: list[Any]) -> list[tuple[int, float]]:
    """To each row alone, as a request of its own."""
    found = []
    for row in rows:
        answer = await online.ask({"rows": [{name: row[name] for name in row if name != "key"}]})
        found.append((output(answer, "label")[0], output(answer)[0]))
    return found


async def test_every_row_is_scored_or_rejected_as_a_request_would_be(batch: Batch, online: Online) -> None:
    rows = table(250, distance_3=None, month_120=None, distance_249=float("inf"), carrier_8=None)
    report = await batch.score(await batch.request(parquet(rows)))
    assert (report.rows, report.rejected, report.problem) == (250, 3, "")
    assert report.rejected_by == {"distance": 2, "month": 1}
    scored, rejected = await batch.rows("part-"), await batch.rows("rejected-")
    assert [each["row"] for each in rejected] == [3, 120, 249]
    assert [each["field"] for each in rejected] == ["distance", "month", "distance"]
    assert "missing, and this input is not nullable" in rejected[0]["reason"]
    good = [row for row in range(250) if row not in (3, 120, 249)]
    assert [each["row"] for each in scored] == good
    assert [each["key"] for each in scored] == [f"k{row}" for row in good]
    expected = await answers(online, rows.take(good).to_pylist())
    assert [each["label"] for each in scored] == [label for label, _ in expected]
    assert [each["probability"] for each in scored] == pytest.approx([each for _, each in expected], abs=1e-6)
    assert set(scored[0]) == {"row", "key", "label", "probability"}


async def test_a_killed_job_goes_on_where_it_stopped_and_scores_nothing_twice(
    batch: Batch, online: Online, tmp_path: Path
) -> None:
    rows = table(4_000, delay_9=None, distance_77=None)
    request = await batch.request(parquet(rows, 333), chunk_rows=50)
    job = await start(batch, request, tmp_path)
    await aeventually(lambda: enough(batch, 5, job))
    job.send_signal(signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL
    before = await batch.blobs("part-")
    assert 5 <= len(before) < 80
    assert f"{batch.output}/result.json" not in await batch.blobs()
    again = await start(batch, request, tmp_path)
    assert await asyncio.to_thread(again.wait, 60) == 0, (tmp_path / "log").read_text()
    after = await batch.blobs("part-")
    assert {name: after[name] for name in before} == before
    assert len(after) == 80
    scored = await batch.rows("part-")
    assert [each["row"] for each in scored] == [row for row in range(4_000) if row != 77]
    sample = range(0, 4_000, 101)
    expected = await answers(online, rows.take(list(sample)).to_pylist())
    by_row = {each["row"]: each for each in scored}
    assert [by_row[row]["probability"] for row in sample] == pytest.approx([p for _, p in expected], abs=1e-6)
    report = BatchReport.model_validate_json(await read(batch, "result.json"))
    assert (report.rows, report.rejected, report.problem) == (4_000, 1, "")
    assert report.scored_before == 50 * len(before)


async def start(batch: Batch, request: BatchRequestBody, folder: Path) -> "subprocess.Popen[bytes]":
    """As Azure ML starts it."""
    body = canonical(request.model_dump(mode="json"))
    digest = hashlib.sha256(body).hexdigest()
    await batch.bench.put("evidence", f"{digest[:2]}/{digest}", body)
    environment = {**os.environ, "SLUICE_STORAGE": batch.bench.address, "AZUREML_RUN_ID": "batch-killed"}
    command = [sys.executable, "-m", "function_app.jobs", "batch", "--request", digest]
    return await asyncio.to_thread(_begin, command, environment, folder / "log")


def _begin(command: list[str], environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as said:
        return subprocess.Popen(command, env=environment, stdout=said, stderr=said)


async def enough(batch: Batch, chunks: int, job: "subprocess.Popen[bytes]") -> bool:
    """Whether so many chunks are written, while the job still runs."""
    assert job.poll() is None, "the job ended before it could be killed"
    return len(await batch.blobs("part-")) >= chunks


async def read(batch: Batch, name: str) -> bytes:
    return await (
        await batch.bench.blobs.get_blob_client("batch-out", f"{batch.output}/{name}").download_blob()
    ).readall()


async def test_a_job_that_is_run_again_after_its_end_scores_nothing(batch: Batch) -> None:
    request = await batch.request(parquet(table(120)))
    first = await batch.score(request)
    written = await batch.blobs("part-")
    again = await batch.score(request)
    assert (first.scored_before, again.scored_before) == (0, 120)
    assert again.rows == 120
    assert await batch.blobs("part-") == written


async def test_a_csv_file_is_read_by_the_signature(batch: Batch, online: Online) -> None:
    body = (
        "month,key,delay,distance,carrier\n5,a,,1400.5,UA\n5,b,3,1400,B6\nMay,c,3,1400,B6\n5.5,d,3,1400,B6\n"
        "5,e,x,1400,B6\n 5 ,f,nan,1e99,AA\n"
    )
    report = await batch.score(await batch.request(body.encode(), ".csv"))
    assert (report.rows, report.rejected_by) == (6, {"month": 2, "delay": 1, "distance": 1})
    scored = await batch.rows("part-")
    rows = [
        {"distance": 1400.5, "delay": None, "carrier": "UA", "month": 5},
        {"distance": 1400.0, "delay": 3.0, "carrier": "B6", "month": 5},
    ]
    expected = [each for _, each in await answers(online, rows)]
    assert [each["probability"] for each in scored] == pytest.approx(expected, abs=1e-6)
    reasons = {each["row"]: each["reason"] for each in await batch.rows("rejected-")}
    assert reasons[2] == "'May' is no number"
    assert reasons[3].startswith("5.5 is no whole number in the range of datatype INT64")


async def test_a_file_is_read_as_it_was_said_when_it_was_handed_over(batch: Batch) -> None:
    body = "month;label;delay;distance;carrier\n5;a;NA;1400,5;UA\n9007199254740993;b;3;1;B6\nabc;c;3;1;B6\n"
    options = FileOptions(TextFormat(";", ",", frozenset({"NA"})), "model_")
    report = await batch.score(await batch.request(body.encode(), ".csv", options=options.written()))
    assert (report.rows, report.rejected_by, report.problem) == (3, {"month": 1}, "")
    scored = await batch.rows("part-")
    assert [(each["model_row"], each["label"]) for each in scored] == [(0, "a"), (1, "b")]


async def test_what_fails_in_the_job_as_nobody_foresaw_is_its_problem_and_no_crash(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that crashes is started again, up to three times, and says no more than that it failed."""

    async def mistaken(*_: object) -> None:
        raise ValueError("cell SECRET")

    monkeypatch.setattr(BatchBlobs, "done", mistaken)
    report = await batch.score(await batch.request(parquet(table(3))))
    assert report.problem.startswith("unforeseen: ValueError at test_batch.py:")
    assert "SECRET" not in report.problem
    assert BatchReport.model_validate_json(await read(batch, "result.json")).problem == report.problem


async def test_what_another_attempt_may_cure_is_raised(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (Unavailable("gone"), OSError(28, "No space left on device"), MemoryError()):

        async def ended(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(BatchBlobs, "done", ended)
        with pytest.raises(type(error)):
            await batch.score(await batch.request(parquet(table(3))))


@pytest.mark.parametrize(
    ("body", "suffix", "words"),
    [
        (b"PAR1 is not enough", ".parquet", "this is not a parquet file that can be read"),
        (b"", ".csv", "this is not a csv file that can be read"),
        (b"a,b\n1,2\n", ".csv.gz", "this is not a csv.gz file that can be read"),
        ("distance,größe\n1,2\n".encode("latin-1"), ".csv", "its header is not UTF-8"),
        (b"a,b\n1,2,SECRET\n", ".csv", "Expected 2 columns, got 3"),
        (b"a,a\n1,2\n", ".csv", "there are two of this name"),
        (parquet(table(3).drop_columns(["month"])), ".parquet", "column month: it is missing"),
        (
            parquet(table(3).append_column("label", pyarrow.array([1, 2, 3]))),
            ".parquet",
            "column label: the result has",
        ),
        (parquet(table(3).set_column(1, "distance", pyarrow.array(["1", "2", "3"]))), ".parquet", "column distance"),
    ],
)
async def test_a_file_that_cannot_be_scored_is_reported_with_its_reason(
    batch: Batch, body: bytes, suffix: str, words: str
) -> None:
    report = await batch.score(await batch.request(body, suffix))
    assert words in report.problem
    assert "SECRET" not in report.problem
    assert report.rows == 0
    assert not await batch.blobs("part-")


async def test_a_file_that_breaks_off_is_reported_and_what_was_whole_stays(batch: Batch) -> None:
    body = parquet(table(400), 100)
    broken = bytearray(body)
    groups = pyarrow.parquet.ParquetFile(io.BytesIO(body)).metadata
    at = groups.row_group(3).column(0).data_page_offset
    broken[at : at + 60] = b"\xff" * 60
    report = await batch.score(await batch.request(bytes(broken)))
    assert "cannot be read to its end" in report.problem
    assert 0 < report.rows < 400


async def test_a_file_that_was_replaced_or_removed_is_not_scored(batch: Batch) -> None:
    request = await batch.request(parquet(table(3)))
    blob = batch.bench.blobs.get_blob_client("batch-in", request.file.name)
    await blob.upload_blob(b"other", overwrite=True)
    assert "replaced or removed since" in (await batch.score(request)).problem
    await blob.delete_blob()
    assert "removed" in (await batch.score(request)).problem  # Azurite says 412 here, Azure 404
    assert not await batch.blobs("part-")


async def test_an_altered_package_scores_nothing(batch: Batch, bench: Bench) -> None:
    files = package_files(2.0)
    ref = package_ref(files)
    for name, body in {**files, "metrics.json": b'{"roc_auc": 1}'}.items():
        await bench.put("models", f"{ref.digest}/{name}", body)
    altered = Batch(bench, ref)
    report = await altered.score(await altered.request(parquet(table(3))))
    assert "the package was altered" in report.problem


def test_counts_of_very_many_fields_fit_into_the_metadata_of_a_blob() -> None:
    class Many:
        scored = rejected = pyarrow.table({"field": [f"f{n:04d}" + "x" * 58 for n in range(1000)]})

        def by_field(self) -> dict[str, int]:
            return dict.fromkeys(self.rejected.column("field").to_pylist(), 1)

    counts = Counts.of(Many())  # type: ignore[arg-type]
    assert sum(counts.rejected_by.values()) == 1000
    assert len(json.dumps(counts.rejected_by)) < 6_000
