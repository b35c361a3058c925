"""Parquet from outside: small files that stand for much are refused before it is there."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.packages.parquet import TooLarge, read_parquet


def body_of(table: pa.Table) -> bytes:
    body = io.BytesIO()
    pq.write_table(table, body, compression="zstd")
    return body.getvalue()


def test_what_is_read_is_what_was_written() -> None:
    table = pa.table({
        "text": ["a", None, "ü" * 300], "large": pa.array(["q", "r", None], pa.large_string()),
        "bytes": [b"\0", None, b""], "number": [1.5, None, float("inf")], "whole": [2**62, None, 0],
        "truth": [True, None, False], "list": [[1, 2], None, []],
    })  # fmt: skip
    assert read_parquet(body_of(table)).equals(table)
    assert read_parquet(body_of(table), ["whole", "text", "nowhere"]).column_names == ["text", "whole"]
    assert read_parquet(body_of(table.slice(0, 0))).equals(table.slice(0, 0))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_texts_that_are_no_unicode_are_no_table(kind: pa.DataType) -> None:
    raw = pa.array([b"AA", b"\xff\xfe"], pa.binary() if kind == pa.string() else pa.large_binary())
    with pytest.raises(pa.ArrowInvalid, match="UTF"):
        read_parquet(body_of(pa.table({"text": raw.view(kind)})))


def test_more_rows_than_are_taken_are_refused() -> None:
    body = body_of(pa.table({"x": [1, 2, 3]}))
    with pytest.raises(TooLarge, match="3 rows, at most 2 are taken"):
        read_parquet(body, most_rows=2)


def test_one_text_for_all_rows_is_refused_by_what_they_take_together() -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 200_000]))
    body = body_of(pa.table({"text": text}))
    assert len(body) < 1_000
    with pytest.raises(TooLarge, match="more than 268435456 bytes in its columns"):
        read_parquet(body)


def test_a_text_that_comes_again_and_again_is_counted_each_time() -> None:
    body = body_of(pa.table({"text": ["x" * 10_000] * 1_000}))
    with pytest.raises(TooLarge, match="more than 9000000 bytes"):
        read_parquet(body, most_bytes=9_000_000)


def test_a_row_with_millions_of_values_is_refused_before_it_is_read() -> None:
    values = pa.ListArray.from_arrays(pa.array([0, 40_000_000], pa.int32()), pa.array(np.zeros(40_000_000, np.int8)))
    with pytest.raises(TooLarge, match="40000000 values in a column"):
        read_parquet(body_of(pa.table({"list": values})))
    body = body_of(pa.table({"list": values, "x": [1]}))
    assert read_parquet(body, ["x"]).to_pydict() == {"x": [1]}
