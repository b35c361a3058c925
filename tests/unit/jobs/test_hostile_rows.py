"""Files to score whose writer means no good: they cost a process that is not missed, and are refused by name."""

import asyncio
import io
import os
import signal
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from function_app.jobs import batch_endpoint
from function_app.jobs.batch import row_process
from function_app.jobs.batch.row_sandbox import RowSandbox
from services.scoring.files import NotScorable, open_rows
from shared.ports import Refused, Unavailable
from tests.support.eventually import aeventually
from tests.support.onnx_models import package_files, package_ref, sample_rows
from tests.unit.jobs.test_batch import Batch, batch, parquet

__all__ = ["batch"]
FILES = package_files()
REF = package_ref(FILES)
# Enough for the process itself and for honest files of some rows; each repeated text is a tenth of it.
MEGABYTES = 1_400


def keyed(keys: pa.Array) -> pa.Table:
    """Rows that can be scored, and a column that is carried along."""
    return pa.Table.from_pylist(sample_rows(len(keys))).append_column("key", keys)


def repeated(rows: int, megabytes: int) -> bytes:
    """One long text, which the file holds once, in each of these rows; to the reader, a column of texts like others."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * (megabytes << 20)]))
    body = io.BytesIO()
    pq.write_table(keyed(text), body, store_schema=False)
    return body.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    package.mkdir()
    for name, body in FILES.items():
        (package / name).write_bytes(body)
    return package


@pytest.fixture
def sandbox(folder: Path) -> Iterator[RowSandbox]:
    with RowSandbox(folder, REF, MEGABYTES) as found:
        yield found


def score(sandbox: RowSandbox, folder: Path, body: bytes, name: str = "rows.parquet", chunk_rows: int = 100) -> int:
    """Rows that were scored."""
    (folder.parent / name).write_bytes(body)
    return sum(each.rows for each in sandbox.chunks(folder.parent / name, name, chunk_rows, 0, folder.parent))


def nested(levels: int) -> bytes:
    """A Parquet file without rows whose schema is so deep: Thrift's compact protocol, by hand."""

    group, leaf = b"\x35\x00\x18\x01x\x15\x02\x00", b"\x15\x02\x25\x00\x18\x01y\x00"
    elements = b"\xfc" + _varint(levels + 1) + group * levels + leaf
    footer = b"\x15\x02\x19" + elements + b"\x16\x00\x19\x0c\x00"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80]) + _varint(value >> 7) if value > 0x7F else bytes([value])


async def test_a_file_grows_large_in_a_process_of_its_own_and_not_in_the_job(batch: Batch) -> None:
    """The job holds the identity, and what kills it is its machine's memory."""
    request = await batch.request(repeated(5, 50))
    before = _peak_megabytes()
    report = await batch.score(request)
    assert (report.rows, report.rejected, report.problem) == (5, 0, "")
    assert _peak_megabytes() - before < 100


def _peak_megabytes() -> int:
    """Of this process since the last call; the kernel begins again when it is told to."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def test_a_text_that_comes_too_often_for_the_memory_is_said(sandbox: RowSandbox, folder: Path) -> None:
    with pytest.raises(NotScorable, match=r"takes more than 1400 MB|malloc of size"):
        score(sandbox, folder, repeated(10, 100))
    assert score(sandbox, folder, parquet(keyed(pa.array(["a", "b"])))) == 2


def test_a_page_that_claims_gigabytes_is_said(sandbox: RowSandbox, folder: Path) -> None:
    """More than the process may have for everything; the header of a page is believed before the page is there."""
    (table := io.BytesIO()).write(parquet(keyed(pa.array(["k" * 50_000, "l"]))))
    body = table.getvalue()
    (size,) = {size for size in range(50_000, 50_100) if body.count(b"\x15" + _varint(2 * size) + b"\x15") == 1}
    forged = body.replace(b"\x15" + _varint(2 * size), b"\x15" + _varint(2 * 2_147_483_000))
    with pytest.raises(NotScorable, match=r"malloc of size|takes more than"):
        score(sandbox, folder, forged)


@pytest.mark.parametrize("levels", [101, 100_000])
def test_deep_nesting_is_said(sandbox: RowSandbox, folder: Path, levels: int) -> None:
    with pytest.raises(NotScorable, match="too deeply nested"):
        score(sandbox, folder, nested(levels))


def test_one_cell_of_many_megabytes_is_said(sandbox: RowSandbox, folder: Path) -> None:
    with pytest.raises(NotScorable, match="can be read"):
        score(sandbox, folder, b"distance,delay,carrier,month\n1,2," + b"x" * (64 << 20) + b",3\n", "rows.csv")


def test_very_many_columns_take_no_more_time_than_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b",".join(b"%d" % index for index in range(100_000)) + b"\n")
    began = time.thread_time()
    assert len(open_rows(path).schema) == 100_000
    assert time.thread_time() - began < 20  # compared each with each: minutes


def test_a_process_that_dies_is_said_and_replaced(sandbox: RowSandbox, folder: Path) -> None:
    body = parquet(keyed(pa.array(["a", "b", "c"])))
    (folder.parent / "rows.parquet").write_bytes(body)
    chunks = sandbox.chunks(folder.parent / "rows.parquet", "rows.parquet", 1, 0, folder.parent)
    next(chunks)
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGKILL)
    with pytest.raises(NotScorable, match="the process that reads and scores it was ended: by signal 9"):
        list(chunks)
    assert score(sandbox, folder, body) == 3


def test_a_process_that_goes_on_for_ever_is_ended(folder: Path) -> None:
    with RowSandbox(folder, REF, MEGABYTES, chunk_seconds=120) as sandbox:
        sandbox.load()
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGSTOP)  # it will never answer
        sandbox.chunk_seconds = 0.1
        with pytest.raises(NotScorable, match=r"was ended: there was nothing within 0.1 s"):
            score(sandbox, folder, parquet(keyed(pa.array(["a"]))))


def test_it_knows_no_secret_and_lies_in_an_empty_folder(sandbox: RowSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_STORAGE", "AccountKey=secret")
    sandbox.load()
    process = Path(f"/proc/{sandbox.pid}")
    assert b"secret" not in (process / "environ").read_bytes()
    assert list((process / "cwd").iterdir()) == []


def test_without_the_memory_to_start_it_is_tried_again_and_no_file_is_blamed(folder: Path) -> None:
    with RowSandbox(folder, REF, megabytes=64) as sandbox, pytest.raises(Unavailable, match="not loaded"):
        sandbox.load()


def test_a_mistake_of_ours_is_said_by_its_kind_and_place_and_the_process_goes_on(folder: Path) -> None:
    """Any exception that nobody foresaw: here, of one who scores a column that is not there."""
    with RowSandbox(folder, REF, MEGABYTES) as sandbox:
        sandbox.load()
        before = sandbox.pid
        (folder.parent / "rows.parquet").write_bytes(parquet(keyed(pa.array(["a"]))))
        order = {"source": str(folder.parent / "rows.parquet"), "target": 7, "chunk_rows": 1}
        with pytest.raises(NotScorable, match=r"^unforeseen: TypeError at .*\.py:[0-9]+; the job's log has the whole"):
            list(sandbox._answers(order))
        assert score(sandbox, folder, parquet(keyed(pa.array(["a"])))) == 1
        assert sandbox.pid == before


def test_a_package_that_is_not_loaded_as_nobody_foresaw_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt would fail the same way; without memory it may succeed."""
    said: list[object] = []

    def loader(error: Exception) -> object:
        class Mistaken:
            def __init__(self, *_: object) -> None:
                raise error

        return Mistaken

    arguments = ["row_process", str(folder), "--package", REF.model_dump_json(), "--megabytes", "1"]
    monkeypatch.setattr("sys.argv", arguments)
    monkeypatch.setattr(row_process, "limit_memory", lambda _: None)
    monkeypatch.setattr(row_process, "_answers", lambda: said.append)
    monkeypatch.setattr(row_process, "PackageLoader", loader(KeyError("SECRET")))
    row_process.main()
    (answer,) = said
    assert "unforeseen: KeyError at test_hostile_rows.py:" in str(answer)
    assert "SECRET" not in str(answer)
    monkeypatch.setattr(row_process, "PackageLoader", loader(MemoryError()))
    with pytest.raises(MemoryError):
        row_process.main()


def test_a_package_that_must_not_score_is_refused(folder: Path) -> None:
    (folder / "metrics.json").write_bytes(b'{"roc_auc": 1}')
    with RowSandbox(folder, REF) as sandbox, pytest.raises(Refused, match="the package was altered"):
        sandbox.load()


def test_a_job_that_ends_leaves_no_process_behind(folder: Path) -> None:
    with RowSandbox(folder, REF, MEGABYTES) as sandbox:
        sandbox.load()
        process = Path(f"/proc/{sandbox.pid}")
    assert not process.exists()


async def test_what_a_dying_process_had_begun_to_write_is_removed(sandbox: RowSandbox, folder: Path) -> None:
    source, output = folder.parent / "rows.parquet", folder.parent / "output"
    output.mkdir()
    source.write_bytes(parquet(keyed(pa.array(["a"] * 5_000))))

    async def has_begun() -> bool:
        return any(output.iterdir())

    scoring = asyncio.create_task(asyncio.to_thread(sandbox.whole, source, output / "rows.parquet", 1))
    await aeventually(has_begun)
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGKILL)
    with pytest.raises(NotScorable, match="by signal 9"):
        await scoring
    assert list(output.iterdir()) == []


def test_of_a_mini_batch_only_the_hostile_file_fails(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "output"
    output.mkdir()
    monkeypatch.setenv("AZUREML_BI_OUTPUT_PATH", str(output))
    honest = parquet(keyed(pa.array(["k"])))
    for name, body in (("a", honest), ("b", repeated(10, 100)), ("c", honest)):
        (tmp_path / f"{name}.parquet").write_bytes(body)
    with RowSandbox(folder, REF, MEGABYTES) as sandbox:
        monkeypatch.setitem(batch_endpoint._served, "sandbox", sandbox)
        lines = batch_endpoint.run([str(tmp_path / f"{name}.parquet") for name in "abc"])
    assert ["a.parquet" in lines[0], "c.parquet" in lines[1], len(lines)] == [True, True, 2]
    assert len(list(output.iterdir())) == 2
