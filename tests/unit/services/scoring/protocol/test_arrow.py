"""Arrow IPC streams say the same as JSON, and hostile ones are refused before they cost anything."""

import random
import struct
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from services.scoring import ARROW_STREAM, Answer
from tests.support.arrow_streams import batch_of, stream_of, table_of
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output, problem, wide_bench

ROWS = sample_rows(10)


async def ask(bench: Bench, body: bytes) -> Answer:
    return await bench.ask(body, header_length=ARROW_STREAM)


async def test_a_stream_gets_the_same_answer_as_json(bench: Bench) -> None:
    found = table_of(await ask(bench, stream_of(batch_of(ROWS[:4]), batch_of(ROWS[4:]))))
    as_json = await bench.ask(tensors(ROWS))
    assert found.column("probability").to_pylist() == pa.array(output(as_json), pa.float32()).to_pylist()
    assert found.column("label").to_pylist() == output(as_json, "label")
    assert found.schema.metadata[b"model_name"] == b"flights"
    assert found.schema.metadata[b"model_version"] == b"1"


@pytest.mark.parametrize(
    "columns",
    [
        {"distance": pa.array([row["distance"] for row in ROWS], pa.float64())},
        {"month": pa.array([row["month"] for row in ROWS], pa.uint8())},
        {"carrier": pa.array([row["carrier"] for row in ROWS]).dictionary_encode()},
        {"carrier": pa.array([row["carrier"] for row in ROWS], pa.large_string())},
        {"carrier": pa.array([row["carrier"] for row in ROWS], pa.string_view())},
        {"carrier": pa.array(["a", *(row["carrier"] for row in ROWS)], pa.string_view())[1:]},
        {"carrier": pa.array([row["carrier"] for row in ROWS], pa.string_view()).dictionary_encode()},
        {"carrier": pa.array([row["carrier"] for row in ROWS], pa.large_string()).dictionary_encode()},
        {"month": pa.FixedSizeListArray.from_arrays(pa.array([row["month"] for row in ROWS]), 1)},
    ],
)
async def test_related_types_are_taken_where_nothing_is_lost(bench: Bench, columns: dict[str, pa.Array]) -> None:
    expected = table_of(await ask(bench, stream_of(batch_of(ROWS))))
    assert table_of(await ask(bench, stream_of(batch_of(ROWS, **columns)))).equals(expected)


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
async def test_keys_times_id_and_outputs_are_told_beside_the_rows(bench: Bench, kind: pa.DataType) -> None:
    names = pa.array([f"flight-{index}" for index in range(10)]).cast(kind)
    times = pa.array([datetime(2026, 3, 1, tzinfo=UTC)] * 10, pa.timestamp("ns", "UTC"))
    batch = batch_of(ROWS, **{"sluice.key": names, "sluice.observed_at": times})
    found = table_of(await ask(bench, stream_of(batch, metadata={"id": "7", "outputs": '["label"]'})))
    assert found.column_names == ["label"]
    assert found.schema.metadata[b"id"] == b"7"
    (mark,) = bench.capture.drain(100)[0].runs[0].marks
    assert (mark.rows, mark.keys) == (10, names.to_pylist())
    assert mark.observed_at == [datetime(2026, 3, 1, tzinfo=UTC)] * 10


async def test_wide_tensors_are_lists_of_a_fixed_size_or_of_equal_length() -> None:
    bench = await wide_bench(3)
    numbers = pa.array([1.0, 2, 3, 4, 5, 6], pa.float32())
    fixed = pa.FixedSizeListArray.from_arrays(numbers, 3)
    tensor = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), [3]), fixed)
    for column in (fixed, pa.array([[1, 2, 3], [4, 5, 6]]), tensor):
        body = stream_of(pa.RecordBatch.from_arrays([column], names=["X"]))
        assert table_of(await ask(bench, body)).column("probability").to_pylist() == [2.0, 5.0]
    lists: list[Any] = [
        [[1, 2], [3, 4]], [[1, 2, 3], [4, 5]], [[1, 2, 3], None], [[1, 2, None], [1, 2, 3]], [[], []],
        [[1, 2, 3, 4], [5, 6]], [[[1]], [[2]]],
    ]  # fmt: skip
    for wrong in lists:
        answer = await ask(bench, stream_of(pa.RecordBatch.from_arrays([pa.array(wrong)], names=["X"])))
        assert (answer.status, problem(answer)[:3]) == (400, "X: "), wrong


async def test_outputs_beyond_all_numbers_are_null_in_json_and_as_they_are_elsewhere() -> None:
    """The mean of these overflows; JSON has no word for it."""
    bench = await wide_bench(2)
    huge = {"name": "X", "datatype": "FP32", "shape": [2, 2], "data": [3e38, 3e38, 1, 3]}
    assert output(await bench.ask({"inputs": [huge]})) == [None, 2.0]
    binary = await bench.ask({"inputs": [huge], "parameters": {"binary_data_output": True}})
    assert struct.unpack("<2f", binary.body[-8:]) == (float("inf"), 2.0)
    column = pa.FixedSizeListArray.from_arrays(pa.array(huge["data"], pa.float32()), 2)
    found = table_of(await ask(bench, stream_of(pa.RecordBatch.from_arrays([column], names=["X"]))))
    assert found.column("probability").to_pylist() == [float("inf"), 2.0]


def _long_text_in_every_row(column: str = "carrier") -> bytes:
    """180 MB of text in a body of 20 kB: a dictionary holds it once."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 9_000, pa.int32()), pa.array(["x" * 20_000]))
    return stream_of(batch_of(ROWS[:1] * 9_000, **{column: texts}))


def _one_view_in_every_row() -> bytes:
    """9,000 views of one text of 20,000 letters: each has its length, its first letters, its buffer and its place."""
    views = struct.pack("<i4sii", 20_000, b"xxxx", 0, 0) * 9_000
    texts = pa.Array.from_buffers(pa.string_view(), 9_000, [None, pa.py_buffer(views), pa.py_buffer(b"x" * 20_000)])
    return stream_of(batch_of(ROWS[:1] * 9_000, carrier=texts))


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (stream_of(batch_of(ROWS, distance=pa.array(["x"] * 10))), 400, "distance: expected shape [-1, 1], datatype F"),
        (stream_of(batch_of(ROWS, month=pa.array([1.5] * 10))), 400, "month: expected shape [-1, 1], datatype INT64"),
        (stream_of(batch_of(ROWS, month=pa.array([2**63] * 10, pa.uint64()))), 400, "month: a value is outside"),
        (stream_of(batch_of(ROWS, month=pa.array([None] * 10, pa.int64()))), 400, "month: a value is missing"),
        (stream_of(batch_of(ROWS, distance=pa.array([1e39] * 10))), 400, "distance: a value is infinite"),
        (stream_of(batch_of(ROWS, carrier=pa.array([{"a": 1}] * 10))), 400, "carrier: expected"),
        (stream_of(batch_of(ROWS, colour=pa.array([1] * 10))), 400, "columns: 'colour' is not an input of this model"),
        (stream_of(batch_of(ROWS).drop_columns(["month"])), 400, "columns: month is missing; expected shape [-1, 1]"),
        (stream_of(batch_of(ROWS, **{"sluice.key": pa.array([1] * 10)})), 400, "sluice.key: expected texts"),
        (stream_of(batch_of(ROWS), metadata={"outputs": "[7]"}), 400, "outputs: every output"),
        (stream_of(batch_of(ROWS), metadata={"outputs": '["colour"]'}), 400, "'colour' is not an output"),
        (stream_of(batch_of(ROWS), metadata={"outputs": "["}), 400, "outputs: not a JSON array"),
        (stream_of(batch_of(ROWS * 2_000)), 413, "20000 rows or more, at most 10000"),
        (stream_of(*[batch_of(ROWS[:1])] * 1_001), 413, "at most 1000 batches"),
        (stream_of(batch_of(ROWS), options=pa.ipc.IpcWriteOptions(compression="zstd")), 400, "compressed"),
        (_long_text_in_every_row(), 413, "carrier: the texts of all rows"),
        (_long_text_in_every_row("sluice.key"), 413, "sluice.key: the texts of all rows"),
        (_one_view_in_every_row(), 413, "carrier: the texts of all rows"),
        (stream_of(batch_of(ROWS))[:-300], 400, "declares"),
        (b"", 400, "declares 0 bytes"),
        (b"ARROW1\0\0", 400, "not an Arrow IPC stream"),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f", 400, "a head of 2147483647 bytes"),
        (b"\xff\xff\xff\xff\x08\0\0\0" + b"\xff" * 8, 400, "cut off or broken"),
    ],
)  # fmt: skip
async def test_a_wrong_stream_is_told_what_is_wrong(bench: Bench, body: bytes, status: int, words: str) -> None:
    answer = await ask(bench, body)
    assert (answer.status, words in problem(answer)) == (status, True), problem(answer)


async def test_a_length_beyond_the_body_reserves_nothing(bench: Bench) -> None:
    """Every number of eight bytes in the stream, one after the other, becomes a terabyte."""
    body = stream_of(batch_of(ROWS))
    seen, most = set(), pa.default_memory_pool().max_memory()
    for at in range(0, len(body) - 8, 4):
        answer = await ask(bench, body[:at] + struct.pack("<q", 1 << 40) + body[at + 8 :])
        seen.add(answer.status)
    assert {200, 400} <= seen <= {200, 400, 413}
    # The peak is the process's: tests before this one may have needed more.
    assert pa.default_memory_pool().max_memory() <= max(most, 100e6)


async def test_damaged_streams_are_answered_never_by_a_server_error(bench: Bench) -> None:
    rng = random.Random(7)
    carriers = pa.array([row["carrier"] for row in ROWS]).dictionary_encode()
    seeds = [stream_of(batch_of(ROWS)), stream_of(batch_of(ROWS, carrier=carriers), batch_of(ROWS, carrier=carriers))]
    seen = set()
    for _ in range(1_500):
        body = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(body))
            body[at : at + rng.choice([0, 1, 1, 1, 8])] = rng.randbytes(rng.choice([1, 1, 1, 8]))
        seen.add((await ask(bench, bytes(body))).status)
    assert {200, 400} <= seen <= {200, 400, 413}


def test_the_server_starts_without_what_only_some_need() -> None:
    check = """
import sys, function_app.scoring.serve.__main__
sys.exit(bool({'pyarrow', 'opentelemetry', 'onnx', 'azure'} & sys.modules.keys()))
"""
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
