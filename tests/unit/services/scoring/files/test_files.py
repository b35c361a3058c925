"""Rows of a file are answered as rows of a request are, and what a request would be refused for is a rejected row."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from services.scoring.files import ChunkScorer, NotScorable, Results, open_rows, side_file
from services.scoring.model.version import Version
from tests.support.onnx_models import SIGNATURE, package_files, package_ref, parquet, sample_rows, saved
from tests.support.scoring import Bench, output, problem, wide_bench

NO_TIME_LIMIT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
FLOATS = st.one_of(st.none(), st.floats(allow_nan=True), st.integers(-(2**60), 2**60).map(float))
GOOD = {"distance": 1.0, "delay": 1.0, "carrier": "AA", "month": 1}
WHOLE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.serve(await made.adopt())
    await made.follower.step()
    return made


@pytest.fixture
async def version(bench: Bench) -> Version:
    return bench.scorer.table.versions[0]


def scored(version: Version, table: pa.Table) -> tuple[list[Any], dict[int, tuple[str, str]]]:
    chunk = ChunkScorer(version, table.schema).score(table, 100)
    rejected = {each["row"] - 100: (each["field"], each["reason"]) for each in chunk.rejected.to_pylist()}
    assert chunk.scored.num_rows + len(rejected) == table.num_rows
    return chunk.scored.to_pylist(), rejected


@NO_TIME_LIMIT
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"distance": FLOATS, "delay": FLOATS, "carrier": st.sampled_from([None, "", "AA", "ZZ"]), "month": WHOLE}
        ),
        min_size=1,
        max_size=12,
    )
)
async def test_a_row_is_answered_or_rejected_just_as_a_request_with_it_alone(
    bench: Bench, version: Version, rows: list[dict[str, Any]]
) -> None:
    kinds = {"distance": pa.float64(), "delay": pa.float64(), "carrier": pa.string(), "month": pa.int64()}
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})
    found, rejected = scored(version, table)
    by_row = {each["row"] - 100: each for each in found}
    for index, row in enumerate(rows):
        plain = {name: None if isinstance(cell, float) and np.isnan(cell) else cell for name, cell in row.items()}
        alone = await bench.ask(json.dumps({"rows": [plain]}).encode())
        assert (alone.status == 200) == (index in by_row), (row, alone.body, rejected.get(index))
        if alone.status == 200:
            assert by_row[index]["label"] == output(alone, "label")[0]
            assert by_row[index]["probability"] == pytest.approx(output(alone)[0], abs=1e-6)
        else:
            field = rejected[index][0]
            if plain[field] in (np.inf, -np.inf):  # JSON has no word for it: the whole request is none
                continue
            blamed = await bench.ask(json.dumps({"rows": [{**GOOD, field: plain[field]}]}).encode())
            assert problem(blamed).startswith(field)


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        ("month", pa.float64(), [1.0, 5.0, 12.0]),
        ("month", pa.uint8(), [1, 5, 12]),
        ("month", pa.decimal128(5, 2), [1, 5, 12]),
        ("distance", pa.int16(), [1, 5, 12]),
        ("distance", pa.float16(), np.array([1, 5, 12], np.float16)),
        ("carrier", pa.large_string(), ["AA", "B6", "UA"]),
        ("carrier", pa.dictionary(pa.int8(), pa.string()), ["AA", "B6", "UA"]),
        ("carrier", pa.string_view(), ["AA", "B6", "UA"]),
        ("carrier", pa.binary(), [b"AA", b"B6", b"UA"]),
        ("carrier", pa.large_binary(), [b"AA", b"B6", b"UA"]),
        ("carrier", pa.binary(2), [b"AA", b"B6", b"UA"]),
        ("carrier", pa.dictionary(pa.int8(), pa.binary()), [b"AA", b"B6", b"UA"]),
        ("month", pa.bool_(), [True, False, True]),
        ("distance", pa.bool_(), [True, False, True]),
        ("carrier", pa.null(), [None, None, None]),
        ("delay", pa.null(), [None, None, None]),
    ],
)
async def test_what_means_the_same_is_taken_whatever_its_width(
    version: Version, column: str, kind: pa.DataType, values: Any
) -> None:
    table = pa.Table.from_pylist(sample_rows(3))
    index = table.schema.get_field_index(column)
    found, rejected = scored(version, table.set_column(index, column, pa.array(values, kind)))
    assert rejected == {}
    assert len(found) == 3


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("month", ["5", "6"]),
        ("month", [date(2026, 5, 1), date(2026, 6, 1)]),
        ("carrier", [1, 2]),
        ("delay", [[1.0], [2.0]]),
    ],
)
async def test_a_column_of_another_kind_is_no_row_but_a_file_that_cannot_be_scored(
    version: Version, column: str, values: list[Any]
) -> None:
    table = pa.Table.from_pylist(sample_rows(2))
    wrong = table.set_column(table.schema.get_field_index(column), column, pa.array(values))
    with pytest.raises(NotScorable, match=f"^column {column}: values of datatype "):
        ChunkScorer(version, wrong.schema)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.0**63, "9.223372036854776e+18 is no whole number in the range of datatype INT64"),
        (-(2.0**64), "-1.8446744073709552e+19 is no whole number"),
        (5.5, "5.5 is no whole number"),
        (float("inf"), "inf is no whole number"),
        (float("nan"), "the value is missing"),
        (None, "the value is missing"),
    ],
)
async def test_a_float_for_an_integer_must_be_one(version: Version, value: Any, words: str) -> None:
    table = pa.Table.from_pylist(sample_rows(2))
    index = table.schema.get_field_index("month")
    _, rejected = scored(version, table.set_column(index, "month", pa.array([value, 5.0], pa.float64())))
    assert set(rejected) == {0}
    assert rejected[0][0] == "month"
    assert rejected[0][1].startswith(words)


async def test_the_first_field_at_fault_is_named_and_all_other_columns_are_carried(version: Version) -> None:
    table = pa.Table.from_pylist([{**row, "key": f"k{n}", "tags": [n]} for n, row in enumerate(sample_rows(4))])
    spoilt = table.set_column(0, "distance", pa.array([None, 1.0, None, 3.0]))
    found, rejected = scored(version, spoilt)
    assert {row: field for row, (field, _) in rejected.items()} == {0: "distance", 2: "distance"}
    assert [(each["row"], each["key"], each["tags"]) for each in found] == [(101, "k1", [1]), (103, "k3", [3])]


async def test_rows_that_the_model_does_not_run_on_are_found_one_by_one() -> None:
    bench = Bench()
    files = picky_package()
    package = package_ref(files)
    await bench.packages.adopt(package.digest, files)
    await bench.serve(package)
    await bench.follower.step()
    months = [0, 1, 12, 3, 4, 99, 11]
    table = pa.table({"month": months})
    found, rejected = scored(bench.scorer.table.versions[0], table)
    assert [each["row"] - 100 for each in found] == [0, 1, 3, 4, 6]
    assert [each["probability"] for each in found] == pytest.approx([0.0, 0.1, 0.3, 0.4, 1.1])
    assert set(rejected) == {2, 5}
    assert all(field == "" and "does not run on these values" in why for field, why in rejected.values())


def picky_package() -> dict[str, bytes]:
    """A table of twelve values, looked up by month: any other month stops the whole run."""
    lookup = helper.make_tensor("lookup", TensorProto.FLOAT, [12], [n / 10 for n in range(12)])
    flat = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    nodes = [
        helper.make_node("Gather", ["lookup", "month"], ["found"]),
        helper.make_node("Reshape", ["found", "flat"], ["probability"]),
    ]
    value = helper.make_tensor_value_info
    inputs = [value("month", TensorProto.INT64, ["N", 1])]
    graph = helper.make_graph(nodes, "m", inputs, [value("probability", TensorProto.FLOAT, ["N"])], [lookup, flat])
    signature = {
        **SIGNATURE,
        "inputs": [{"name": "month", "datatype": "INT64", "kind": "numeric"}],
        "outputs": [{"name": "probability", "datatype": "FP32", "shape": [-1]}],
        "groups": [],
    }
    golden = parquet([{"month": 3, "probability": 0.3}])
    plain = {**package_files(), "signature.json": json.dumps(signature).encode(), "golden.parquet": golden}
    return {**plain, "model.onnx": saved(graph)}


async def test_wide_inputs_come_as_lists_and_a_list_that_does_not_fit_is_a_rejected_row() -> None:
    version = (await wide_bench(3)).scorer.table.versions[0]
    table = pa.table({"X": [[1.0, 2.0, 3.0], [1.0], None, [1.0, None, 3.0], [4.0, 4.0, 4.0]]})
    found, rejected = scored(version, table)
    assert [each["probability"] for each in found] == [2.0, 4.0]
    assert {row: field for row, (field, _) in rejected.items()} == {1: "X", 2: "X", 3: "X"}
    with pytest.raises(NotScorable, match="column X"):
        ChunkScorer(version, pa.schema([("X", pa.float32())]))


@NO_TIME_LIMIT
@given(rows=st.integers(0, 50), group=st.integers(1, 20), chunk=st.integers(1, 30), data=st.data())
def test_chunks_are_cut_at_the_same_rows_wherever_one_begins(
    tmp_path: Path, rows: int, group: int, chunk: int, data: st.DataObject
) -> None:
    path, text = tmp_path / "x.parquet", tmp_path / "x.csv"
    numbers = list(range(rows))
    pq.write_table(pa.table({"n": numbers}), path, row_group_size=group)
    text.write_text("n\n" + "".join(f"{n}\n" for n in numbers))
    first = data.draw(st.integers(0, rows // chunk + 1))
    for file in (open_rows(path), *([open_rows(text)] if rows else [])):
        found = [[int(n) for n in each.column("n").to_pylist()] for each in file.chunks(chunk, first)]
        assert found == [numbers[at : at + chunk] for at in range(first * chunk, rows, chunk)]


async def test_an_empty_file_is_scored_to_an_empty_result(version: Version, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(sample_rows(1)).slice(0, 0), tmp_path / "x.parquet")
    file = open_rows(tmp_path / "x.parquet")
    with Results(tmp_path / "out.parquet", ChunkScorer(version, file.schema).schema) as results:
        assert list(file.chunks(10)) == []
        results.keep()
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["row", "label", "probability"]


def test_results_appear_whole_or_not_at_all(version: Version, tmp_path: Path) -> None:
    table = pa.Table.from_pylist(sample_rows(3))
    scorer = ChunkScorer(version, table.schema)
    target = tmp_path / "out.parquet"
    with Results(target, scorer.schema) as results:
        results.add(scorer.score(table, 0))
    assert list(tmp_path.iterdir()) == []
    pq.write_table(table, side_file(target))  # of an earlier run
    with Results(target, scorer.schema) as results:
        results.add(scorer.score(table, 0))
        results.keep()
    assert list(tmp_path.iterdir()) == [target]


def test_a_chunk_that_stands_for_more_than_there_is_room_for_is_refused_before_it_is_there(tmp_path: Path) -> None:
    """Ten kilobytes of file: one text for all rows."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 200_000]))
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"carrier": text}), path)
    assert path.stat().st_size < 20_000
    with pytest.raises(NotScorable, match="20000 rows of it are more than 1024 MB"):
        list(open_rows(path).chunks(20_000))


def test_texts_of_a_file_that_are_no_unicode_are_said_not_scored(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"carrier": pa.array([b"AA", b"\xff\xfe"]).view(pa.string())}), path)
    with pytest.raises(NotScorable, match="column 'carrier': it holds what is no string"):
        list(open_rows(path).chunks(10))
