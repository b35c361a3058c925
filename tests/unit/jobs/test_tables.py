"""A stranger's tables: read where it may go wrong, and never wider than they are."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from function_app.jobs.arrays import read_arrays, write_arrays
from function_app.jobs.sandbox import Sandbox
from function_app.jobs.staging.graph import distance
from function_app.jobs.tables import feeds, read_table
from shared.packages import NotAPackage, Signature

SANDBOX = Sandbox(seconds=60, megabytes=4096)
SIGNATURE = Signature.model_validate({
    "inputs": [{"name": "text", "datatype": "BYTES", "kind": "categorical", "categories": ["a"]}],
    "outputs": [{"name": "probability", "datatype": "FP32", "shape": [-1]}],
    "prediction": "probability", "task": "binary_classification", "label": "late", "groups": [],
})  # fmt: skip
# 20,000 rows, one of them 200,000 characters wide: as texts of one width, 15 GB.
UNEVEN = ["a"] * 19_999 + ["x" * 200_000]

BROKEN = pa.array([b"AA", b"\xff\xfe"]).view(pa.string())  # no Unicode


def body_of(table: pa.Table) -> bytes:
    body = io.BytesIO()
    pq.write_table(table, body)
    return body.getvalue()


def test_columns_come_out_of_the_sandbox_as_they_were() -> None:
    table = pa.table({"n": [1.5, None, float("nan")], "t": ["a", None, "é"], "b": [True, None, False], "i": [1, 2, 3]})
    found = SANDBOX.table("golden.parquet", body_of(table), ["t", "n", "b", "i"])
    assert (found["t"], found["b"], found["i"]) == (["a", None, "é"], [True, None, False], [1, 2, 3])
    assert found["n"][:2] == [1.5, None]
    assert np.isnan(found["n"][2])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"no table", "golden.parquet: cannot be read"),
        (body_of(pa.table({"y": [1]})), "golden.parquet, x: the column is missing"),
        (body_of(pa.table({"x": pa.array([], pa.int64())})), "golden.parquet: there are no rows in it"),
        (
            body_of(pa.table({"x": pa.array([b"AA", b"\xff\xfe"]).view(pa.string())})),
            "golden.parquet: cannot be read .*UTF",
        ),
        (body_of(pa.table({"x": [1] * 1_000_001})), "golden.parquet: cannot be read .1000001 rows, at most 1000000"),
    ],
)
def test_a_table_that_cannot_be_taken_is_named_with_its_column(table: bytes, words: str) -> None:
    with pytest.raises(NotAPackage, match=words):
        SANDBOX.table("golden.parquet", table, ["x"])


def test_a_table_that_eats_memory_does_it_to_its_own_process() -> None:
    """8 MB of zeros for each of 40 columns, in a process that may have 600 MB."""
    table = pa.table({f"x{index}": np.zeros(1_000_000) for index in range(30)})
    with pytest.raises(NotAPackage, match=r"golden.parquet: cannot be read"):
        Sandbox(seconds=60, megabytes=600).table("golden.parquet", body_of(table), table.column_names)


@pytest.mark.parametrize("column", [pa.array(["AA", None, "é"]), pa.array(["AA", None, "é"]).dictionary_encode()])
def test_texts_come_as_they_are_however_they_are_packed(column: pa.Array) -> None:
    columns = read_table("golden.parquet", body_of(pa.table({"text": column, "other": [1, 2, 3]})), ["text", "text"])
    assert columns == {"text": ["AA", None, "é"]}
    assert feeds(SIGNATURE, columns)["text"].tolist() == [["AA"], [""], ["é"]]


def test_one_long_text_does_not_make_all_others_as_wide(tmp_path: Path) -> None:
    found = SANDBOX.table("golden.parquet", body_of(pa.table({"text": UNEVEN})), ["text"])
    tracemalloc.start()
    fed = feeds(SIGNATURE, found)
    write_arrays(tmp_path / "feeds.npz", fed)
    cells = read_arrays(tmp_path / "feeds.npz")["text"]
    assert distance(cells, UNEVEN) == 0.0
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()
    assert cells.shape == (20_000, 1)
    assert cells[:, 0].tolist() == UNEVEN


def test_packed_arrays_are_refused(tmp_path: Path) -> None:
    """A process that was taken over could write a kilobyte that becomes gigabytes in whoever reads it."""
    np.savez_compressed(tmp_path / "found.npz", names=np.array(["a"]))
    with pytest.raises(ValueError, match=r"found.npz: its arrays are packed"):
        read_arrays(tmp_path / "found.npz")


@given(
    texts=st.lists(st.text(max_size=5), max_size=8),
    numbers=arrays(np.float32, st.tuples(st.integers(0, 3), st.integers(0, 3)), elements=st.floats(width=32)),
)
def test_arrays_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], numbers: np.ndarray
) -> None:
    path = tmp_path_factory.mktemp("arrays") / "found.npz"
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    written = {"numbers": numbers, "a/b": np.array(texts, dtype=object).reshape(-1, 1)}
    write_arrays(path, written)
    found = read_arrays(path)
    assert list(found) == list(written)
    np.testing.assert_array_equal(found["numbers"], numbers)
    assert found["numbers"].dtype == np.float32
    assert found["a/b"].tolist() == written["a/b"].tolist()
