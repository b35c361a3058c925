"""The tables of a package are bounded in bytes before they are arrays, and their texts are Unicode."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from function_app.jobs.tables import feeds, read_table
from shared.packages import InputColumn, NotAPackage


def file(**columns: pa.Array) -> bytes:
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body, compression="zstd")
    return body.getvalue()


def signature(name: str) -> Any:
    """As much of one as `feeds` looks at."""
    return SimpleNamespace(inputs=[InputColumn(name=name, kind="categorical", datatype="BYTES")])


def test_few_bytes_that_stand_for_a_long_text_in_each_row_are_not_unpacked() -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 200_000]))
    body = file(carrier=texts)
    assert len(body) < 10_000
    with pytest.raises(NotAPackage, match=r"golden.parquet.*holds more than 1073741824 bytes"):
        read_table("golden.parquet", body, ["carrier"])


def test_one_long_text_does_not_make_every_row_as_wide() -> None:
    cells = ["AA"] * 20_000 + ["x" * 200_000]
    columns = read_table("golden.parquet", file(carrier=pa.array(cells)), ["carrier"])
    assert columns["carrier"] == cells
    with pytest.raises(ValueError, match=r"^carrier: 20001 texts of up to 200000 characters"):
        feeds(signature("carrier"), columns)


def test_texts_that_are_no_unicode_are_named_by_their_file() -> None:
    broken = pa.array([b"AA", b"\xff\xfe"]).view(pa.string())
    with pytest.raises(NotAPackage, match=r"golden.parquet.*UTF"):
        read_table("golden.parquet", file(carrier=broken), ["carrier"])


@pytest.mark.parametrize("column", [pa.array(["AA", None, "é"]), pa.array(["AA", None, "é"]).dictionary_encode()])
def test_texts_come_as_they_are_however_they_are_packed(column: pa.Array) -> None:
    columns = read_table("golden.parquet", file(carrier=column, other=pa.array([1, 2, 3])), ["carrier", "carrier"])
    assert columns == {"carrier": ["AA", None, "é"]}
    assert feeds(signature("carrier"), columns)["carrier"].tolist() == [["AA"], [""], ["é"]]
    assert feeds(signature("carrier"), columns)["carrier"].dtype == np.dtype("<U2")
