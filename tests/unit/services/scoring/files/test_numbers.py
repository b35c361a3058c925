"""What a cell stands for, in each datatype of a model: exactly that number, or a rejected row that says why."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.files import ChunkScorer, RowFile, TextFormat, open_rows
from services.scoring.model.version import Version
from services.scoring.protocol.layout import DTYPES
from tests.support.identity import identity, tensor

type Scored = tuple[dict[int, Any], dict[int, str]]
INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
NO_TIME_LIMIT = settings(deadline=None, max_examples=60)


@cache
def same(datatype: str, nullable: bool = False) -> Version:
    """A model that answers its one input."""
    return identity(tensor("x", datatype, nullable=nullable), x={"BOOL": True, "BYTES": "a"}.get(datatype, 1))


def scored(version: Version, file: RowFile, chunk_rows: int = 10_000) -> Scored:
    """Answers and reasons by row."""
    scorer = ChunkScorer(version, file.schema, file.text)
    answers: dict[int, Any] = {}
    reasons: dict[int, str] = {}
    for index, table in enumerate(file.chunks(chunk_rows)):
        chunk = scorer.score(table, index * chunk_rows)
        answers |= {each["row"]: each["x_out"] for each in chunk.scored.to_pylist()}
        reasons |= {each["row"]: each["reason"] for each in chunk.rejected.to_pylist()}
    return answers, reasons


def of_texts(folder: Path, version: Version, cells: list[str], text: TextFormat | None = None) -> Scored:
    body = io.StringIO()
    csv.writer(body).writerows([["x", "n"], *([cell, str(row)] for row, cell in enumerate(cells))])
    (folder / "x.csv").write_text(body.getvalue())
    return scored(version, open_rows(folder / "x.csv", text=text))


def of_column(folder: Path, version: Version, column: pa.Array) -> Scored:
    pq.write_table(pa.table({"x": column}), folder / "x.parquet")
    return scored(version, open_rows(folder / "x.parquet"))


def test_one_cell_with_a_fraction_makes_no_other_one_vague(tmp_path: Path) -> None:
    """It was scored as 9007199254740992: the whole chunk went through a float."""
    answers, reasons = of_texts(tmp_path, same("INT64"), ["9007199254740993", "2.0"])
    assert answers == {0: 9007199254740993, 1: 2}
    assert reasons == {}


def test_a_cell_that_is_no_number_costs_its_row_only(tmp_path: Path) -> None:
    """It was a traceback, and exit code 1, which means that some rows were rejected."""
    answers, reasons = of_texts(tmp_path, same("INT64"), ["9007199254740993", "abc"])
    assert answers == {0: 9007199254740993}
    assert reasons == {1: "'abc' is no number"}


@pytest.mark.parametrize("datatype", INTEGERS)
def test_the_limits_of_a_datatype_are_exact_and_what_lies_beyond_is_said(tmp_path: Path, datatype: str) -> None:
    limits = np.iinfo(DTYPES[datatype])  # type: ignore[index]
    cells = [limits.min, limits.max, limits.min - 1, limits.max + 1, 10**5000]
    answers, reasons = of_texts(tmp_path, same(datatype), [*map(_digits, cells), "+1", "007", " 5 ", "4.0", "3e0"])
    assert answers == {0: limits.min, 1: limits.max, 5: 1, 6: 7, 7: 5, 8: 4, 9: 3}
    words = f"is no whole number in the range of datatype {datatype} ({limits.min} to {limits.max})"
    assert reasons[2] == f"{limits.min - 1} {words}"
    assert reasons[3] == f"{limits.max + 1} {words}"
    assert reasons[4].endswith(words)
    assert len(reasons[4]) < 200


def _digits(number: int) -> str:
    return "1" + "0" * 5000 if number == 10**5000 else str(number)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("9007199254740992.0", "9007199254740992.0 is a float of 2^53 or more, which need not be the number that was"),
        ("-1e16", "-1e16 is a float of 2^53 or more"),
        ("1e30", "1e30 is no whole number in the range of datatype INT64"),
        ("5.5", "5.5 is no whole number in the range"),
        ("inf", "inf is no whole number in the range"),
        ("0x10", "'0x10' is no number"),
        ("0xFFFFFFFFFFFFFFFF", "'0xFFFFFFFFFFFFFFFF' is no number"),  # Arrow reads it as -1
        ("1_000", "'1_000' is no number"),
        ("１２", "'１２' is no number"),
        ("nan", "the value is missing"),
        ("", "the value is missing"),
    ],
)
def test_a_text_that_is_no_integer_is_rejected_with_its_reason(tmp_path: Path, cell: str, reason: str) -> None:
    answers, reasons = of_texts(tmp_path, same("INT64"), ["9223372036854775807", cell])
    assert answers == {0: 9223372036854775807}
    assert reasons[1].startswith(reason)


@NO_TIME_LIMIT
@given(
    datatype=st.sampled_from(INTEGERS),
    cells=st.lists(
        st.one_of(
            st.integers(-(2**65), 2**65).map(str),
            st.integers(-300, 300).map(str),
            st.floats(allow_nan=False).map(repr),
            st.integers(-(2**54), 2**54).map(lambda number: f"{number}.0"),
            st.sampled_from(["", " ", "+5", "-0", "1e3", "0x1", "abc", "NaN", "1,5", "--1", "1 2"]),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_a_cell_is_read_the_same_way_whatever_its_neighbours_are(datatype: str, cells: list[str]) -> None:
    """And what is answered is the number that Python's decimals find."""
    answers, reasons = together(same(datatype), cells)
    assert answers.keys() | reasons.keys() == set(range(len(cells)))
    for row, cell in enumerate(cells):
        alone, why = together(same(datatype), [cell])
        assert (alone.get(0), why.get(0)) == (answers.get(row), reasons.get(row)), cell
        if row in answers:
            assert answers[row] == Decimal(cell.strip())


def together(version: Version, cells: list[str]) -> Scored:
    """As they come from a file."""
    table = pa.table({"x": pa.array([cell or None for cell in cells], pa.string())})
    chunk = ChunkScorer(version, table.schema, TextFormat()).score(table, 0)
    answers = {each["row"]: each["x_out"] for each in chunk.scored.to_pylist()}
    return answers, {each["row"]: each["reason"] for each in chunk.rejected.to_pylist()}


@pytest.mark.parametrize(
    ("datatype", "cell", "answer"),
    [("FP16", "65504", 65504.0), ("FP32", "1e-3", np.float32(1e-3)), ("FP64", "1e300", 1e300), ("FP16", "-0.5", -0.5)],
)
def test_floats_are_read_as_near_as_their_datatype_is(tmp_path: Path, datatype: str, cell: str, answer: float) -> None:
    assert of_texts(tmp_path, same(datatype), [cell, "abc"])[0] == {0: answer}


@pytest.mark.parametrize(
    ("datatype", "cell"), [("FP16", "65520"), ("FP32", "1e39"), ("FP64", "1e309"), ("FP64", "inf")]
)
def test_floats_beyond_their_datatype_are_rejected(tmp_path: Path, datatype: str, cell: str) -> None:
    answers, reasons = of_texts(tmp_path, same(datatype), ["1", cell])
    assert answers == {0: 1.0}
    assert reasons[1].endswith(f"is infinite, or outside of the range of datatype {datatype}")


def test_truth_values_are_true_and_false_or_1_and_0(tmp_path: Path) -> None:
    answers, reasons = of_texts(tmp_path, same("BOOL"), ["true", "False", "1", "0", " TRUE ", "yes", "2", ""])
    assert answers == {0: True, 1: False, 2: True, 3: False, 4: True}
    assert reasons[5] == "'yes' is no truth value"
    assert reasons[6] == "'2' is no truth value"
    assert reasons[7].startswith("the value is missing")
    answers, reasons = of_column(tmp_path, same("BOOL"), pa.array([1, 0, 2, None]))
    assert answers == {0: True, 1: False}
    assert reasons[2] == "2 is no truth value: 0 or 1 is required"


@pytest.mark.parametrize("datatype", INTEGERS)
@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int64(), pa.uint64(), pa.decimal128(30, 0), pa.bool_()])
def test_integers_of_any_width_are_kept_exactly(tmp_path: Path, datatype: str, kind: pa.DataType) -> None:
    limits = np.iinfo(DTYPES[datatype])  # type: ignore[index]
    own = (False, True) if pa.types.is_boolean(kind) else _limits(kind)
    given = [number for number in (*own, limits.min, limits.max, 0, 1) if own[0] <= number <= own[1]]
    column = pa.array(list(map(_MAKES.get(kind, int), given)), kind)
    answers, reasons = of_column(tmp_path, same(datatype), column)
    fits = {row: number for row, number in enumerate(given) if limits.min <= number <= limits.max}
    assert answers == fits
    assert reasons.keys() == set(range(len(given))) - fits.keys()


_MAKES: dict[pa.DataType, Callable[[int], Any]] = {pa.decimal128(30, 0): Decimal, pa.bool_(): bool}


def _limits(kind: pa.DataType) -> tuple[int, int]:
    if pa.types.is_decimal(kind):
        return -(10**29), 10**29
    limits = np.iinfo(kind.to_pandas_dtype())
    return limits.min, limits.max


@pytest.mark.parametrize(
    ("kind", "bits"), [(np.float16, 11), (np.float32, 24), (np.float64, 53)], ids=["float16", "float32", "float64"]
)
def test_a_float_is_an_integer_only_where_floats_are_exact(tmp_path: Path, kind: type, bits: int) -> None:
    column = pa.array(np.array([2.0 ** (bits - 1), 2.0**bits - 1, 2.0**bits, -(2.0**bits), np.nan, 0.5], kind))
    answers, reasons = of_column(tmp_path, same("INT64"), column)
    assert answers == {0: 2 ** (bits - 1), 1: 2**bits - 1}
    assert f"is a float of 2^{bits} or more" in reasons[2]
    assert f"is a float of 2^{bits} or more" in reasons[3]
    assert reasons[4].startswith("the value is missing")
    assert reasons[5].startswith("0.5 is no whole number")


def test_decimals_with_a_fraction_are_no_integers_and_floats_as_they_are(tmp_path: Path) -> None:
    column = pa.array([Decimal("5.00"), Decimal("5.50"), None], pa.decimal128(20, 2))
    answers, reasons = of_column(tmp_path, same("INT32"), column)
    assert answers == {0: 5}
    assert reasons[1].startswith("5.50 is no whole number")
    assert of_column(tmp_path, same("FP64", nullable=True), column)[0] == {
        0: 5.0,
        1: 5.5,
        2: pytest.approx(np.nan, nan_ok=True),
    }


def test_bytes_are_the_text_that_they_are_in_utf_8(tmp_path: Path) -> None:
    answers, reasons = of_column(tmp_path, same("BYTES"), pa.array(["größe".encode(), b"\xff\xfe", b""]))
    assert answers == {0: "größe", 2: ""}
    assert reasons == {1: "these bytes are no text in UTF-8"}
