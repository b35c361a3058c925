"""Inputs of more than one value a row: lists of any length where the model leaves it free, images flat or nested."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from services.scoring.files import ChunkScorer, NotScorable
from services.scoring.files.tensors import shaped
from services.scoring.model.version import Version
from tests.support.identity import identity, identity_files, loaded, tensor
from tests.support.scoring import wide_bench

IMAGE = np.arange(1, 5).reshape(1, 2, 2)


def scored(version: Version, table: pa.Table) -> tuple[dict[int, Any], dict[int, str]]:
    """Answers of the first output, and reasons, by row."""
    chunk = ChunkScorer(version, table.schema).score(table, 0)
    output = chunk.scored.column_names[-len(version.session.outputs)]
    assert chunk.scored.column("row").to_pylist() == sorted(chunk.scored.column("row").to_pylist())
    return (
        dict(zip(chunk.scored.column("row").to_pylist(), chunk.scored.column(output).to_pylist(), strict=True)),
        {each["row"]: f"{each['field']}: {each['reason']}" for each in chunk.rejected.to_pylist()},
    )


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.large_list(pa.int16()), pa.list_(pa.float64())])
def test_lists_of_any_length_are_scored_where_the_model_leaves_it_free(kind: pa.DataType) -> None:
    """They could not be scored at all: "values of datatype INT64 are required, it holds list<element: int64>"."""
    version = identity(tensor("tokens", "INT64", (-1, -1)), tokens=[1, 2])
    rows = [[1, 2, 3], [4], [5, 6, 7], [], None, [8], [9, 10]]
    answers, reasons = scored(version, pa.table({"tokens": pa.array(rows, kind)}))
    assert answers == {row: each for row, each in enumerate(rows) if each}
    assert reasons == {
        3: "tokens: [any] values of datatype INT64 are required, found [0]", 4: "tokens: a list is missing",
    }  # fmt: skip


def test_inputs_whose_lists_belong_together_go_together() -> None:
    version = identity(
        tensor("tokens", "INT64", (-1, -1)), tensor("mask", "BOOL", (-1, -1)), tokens=[1, 2], mask=[True, False]
    )
    table = pa.table({"tokens": [[1, 2], [3], [4, 5]], "mask": [[True, False], [True], [True]]})
    assert scored(version, table)[0] == {0: [1, 2], 1: [3], 2: [4, 5]}


async def test_every_length_is_answered_as_it_is_alone() -> None:
    version = (await wide_bench(3, is_free=True)).scorer.table.versions[0]
    rng = np.random.default_rng(0)
    rows = [rng.uniform(-1, 1, int(rng.integers(1, 9))).tolist() for _ in range(200)]
    answers, _ = scored(version, pa.table({"X": rows}))
    assert [answers[row] for row in range(200)] == pytest.approx([np.mean(row) for row in rows], abs=1e-6)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (IMAGE.reshape(-1).tolist(), pa.list_(pa.uint8())),
        (IMAGE.tolist(), pa.list_(pa.list_(pa.list_(pa.int64())))),
        (IMAGE[0].tolist(), pa.list_(pa.list_(pa.int64()))),
        (IMAGE.reshape(-1).tolist(), pa.list_(pa.float32(), 4)),
        (IMAGE.tolist(), pa.list_(pa.list_(pa.list_(pa.uint8(), 2), 2), 1)),
        (IMAGE.reshape(-1).tolist(), pa.list_(pa.dictionary(pa.int8(), pa.int64()))),
    ],
)
def test_an_image_is_a_flat_list_or_one_nested_as_the_input_is(value: Any, kind: pa.DataType) -> None:
    version = identity(tensor("image", "UINT8", (-1, 1, 2, 2)), image=IMAGE.tolist())
    answers, reasons = scored(version, pa.table({"image": pa.array([value, None, value], kind)}))
    assert answers == {0: [1, 2, 3, 4], 2: [1, 2, 3, 4]}
    assert set(reasons) == {1}


def test_a_value_within_that_does_not_fit_costs_its_row_and_is_told_by_its_place() -> None:
    version = identity(tensor("v", "UINT8", (-1, 3)), v=[1, 2, 3])
    rows = [[1, 2, 3], [1, 256, 3], [1, None, 3], [1, 2], [1, 2, -1], [4, 5, 6]]
    answers, reasons = scored(version, pa.table({"v": rows}))
    assert answers == {0: [1, 2, 3], 5: [4, 5, 6]}
    assert reasons[1] == "v: 256 is no whole number in the range of datatype UINT8 (0 to 255) (value 2 of its list)"
    assert reasons[2] == "v: the value is missing, and this input is not nullable (value 2 of its list)"
    assert reasons[3] == "v: [3] values of datatype UINT8 are required, found [2]"
    assert reasons[4].startswith("v: -1 is no whole number")


def test_lists_within_that_are_not_of_one_length_cost_their_row() -> None:
    version = identity(tensor("v", "FP32", (-1, 2, -1)), v=[[1.0], [2.0]])
    rows = [[[1, 2], [3, 4]], [[1, 2], [3]], [[1, 2], None], [[5], [6]]]
    answers, reasons = scored(version, pa.table({"v": rows}))
    assert answers == {0: [1, 2, 3, 4], 3: [5, 6]}
    assert reasons == {1: "v: its lists are not of one length", 2: "v: a list is missing"}


def test_a_missing_value_within_is_taken_where_the_signature_says_nullable() -> None:
    version = identity(tensor("v", "FP32", (-1, 2), nullable=True), v=[1.0, 2.0])
    answers, reasons = scored(version, pa.table({"v": [[1.0, None], [float("inf"), 1.0]]}))
    assert answers[0][0] == 1.0
    assert np.isnan(answers[0][1])
    assert set(reasons) == {1}


def test_texts_in_lists() -> None:
    version = identity(tensor("words", "BYTES", (-1, -1)), words=["a", "b"])
    assert scored(version, pa.table({"words": [["x"], ["y", "z"]]}))[0] == {0: ["x"], 1: ["y", "z"]}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (pa.float32(), "a list in each row; it holds float"),
        (pa.string(), "a list in each row; it holds string"),
        (pa.list_(pa.string()), "it holds list"),
        (pa.list_(pa.date32()), "it holds list"),
    ],
)
def test_a_column_of_no_lists_or_of_other_lists_is_a_file_that_cannot_be_scored(kind: pa.DataType, words: str) -> None:
    version = identity(tensor("v", "FP32", (-1, 2)), v=[1.0, 2.0])
    with pytest.raises(NotScorable, match=rf"^column v: \[2\] values of datatype FP32 are required, .*{words}"):
        ChunkScorer(version, pa.schema([("v", kind)]))


@pytest.mark.parametrize(
    ("wanted", "found", "shape"),
    [
        ((-1, 8), (16,), (2, 8)),
        ((-1, 8), (15,), None),
        ((-1, -1), (4,), None),
        ((3, 2, 2), (2, 2, 3), None),
        ((1, 2, 2), (2, 2, 1), (1, 2, 2)),
        ((2, 2), (4,), (2, 2)),
        ((-1,), (0,), None),
    ],
)
def test_a_shape_is_taken_only_where_there_is_one_way_to_read_it(
    wanted: tuple[int, ...], found: tuple[int, ...], shape: tuple[int, ...] | None
) -> None:
    assert shaped(wanted, found) == shape


def test_more_than_goes_into_the_model_at_once_goes_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    version = identity(tensor("v", "FP32", (-1, 3)), v=[1.0, 2.0, 3.0])
    monkeypatch.setattr("services.scoring.files.inputs._MOST_BYTES", 24)  # two rows
    rows = [[float(row), 0.0, 0.0] for row in range(7)]
    assert scored(version, pa.table({"v": rows}))[0] == dict(enumerate(rows))


async def test_an_output_of_another_width_than_declared_is_said() -> None:
    """It was a traceback: "Column 1 named variable expected length 5 but got length 15"."""
    version = await loaded(identity_files([tensor("X", "FP32", (-1, -1))], {"X": [1.0]}, declared=(-1, 1)))
    table = pa.table({"X": [[1.0, 2.0, 3.0]] * 5})
    with pytest.raises(NotScorable, match=r"output X_out came out in shape \[5, 3\] for 5 rows; .* says \[N, 1\]"):
        ChunkScorer(version, table.schema).score(table, 0)
