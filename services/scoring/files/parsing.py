"""Numbers and truth values that the texts of a CSV file stand for: whole ones by their digits, not by way of a float.

A whole column is read at once. Where that fails, what is written otherwise is read in another way, and its halves, and
so on, down to the cells at fault: a cell is read the same way whatever its neighbours are.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow
import pyarrow.compute as compute

from services.scoring.files.fitting import fitted, out_of_range
from services.scoring.files.problems import Problems
from services.scoring.files.text_format import TextFormat, hint
from services.scoring.protocol.layout import DTYPES, FLOATS
from shared.ports.models.inference import TensorDatatype

_DIGITS = "^[+-]?[0-9]+$"
_FLOAT = pyarrow.float64()


def parsed(datatype: TensorDatatype, texts: pyarrow.Array, way: TextFormat, problems: Problems) -> pyarrow.Array:
    """Null where a text stands for nothing, or, as `problems` say, for nothing that the datatype has."""
    # Floats by way of the widest: one that is out of range is told, instead of being no number at all.
    kind = _FLOAT if datatype in FLOATS else pyarrow.from_numpy_dtype(DTYPES[datatype])
    if kind != _FLOAT or way.decimal == ".":
        try:
            return _cast(texts, kind)
        except pyarrow.ArrowInvalid:
            pass  # read once more, with more care
    cells = _trimmed(texts, way)
    if kind == _FLOAT:
        return _numbers(cells, way, problems)
    if datatype == "BOOL":
        what = lambda row: f"{cells[row].as_py()!r:.60} is no truth value{hint(cells[row].as_py(), way)}"  # noqa: E731
        return cast_or_tell(cells, kind, problems, what)
    return _integers(datatype, cells, way, problems)


def cast_or_tell(
    values: pyarrow.Array, kind: pyarrow.DataType, problems: Problems, why: Callable[[int], str]
) -> pyarrow.Array:
    """Null where a value cannot be cast: `why`, by its place, is its problem."""
    return pyarrow.concat_arrays(list(_parts(values, kind, problems, why, 0)))


def _parts(
    values: pyarrow.Array, kind: pyarrow.DataType, problems: Problems, why: Callable[[int], str], first: int
) -> Iterator[pyarrow.Array]:
    try:
        yield _cast(values, kind)
    except pyarrow.ArrowInvalid:
        if len(values) == 1:
            problems[first] = why(first)
            yield pyarrow.nulls(1, kind)
            return
        middle = len(values) // 2
        yield from _parts(values[:middle], kind, problems, why, first)
        yield from _parts(values[middle:], kind, problems, why, first + middle)


def _cast(values: pyarrow.Array, kind: pyarrow.DataType) -> pyarrow.Array:
    """Raises `ArrowInvalid`, also for what is hexadecimal: Arrow reads 0xFFFFFFFFFFFFFFFF as -1."""
    if pyarrow.types.is_integer(kind) and pyarrow.types.is_string(values.type):
        for begin in ("0x", "0X"):
            if compute.any(compute.starts_with(values, begin)).as_py():
                raise pyarrow.ArrowInvalid("hexadecimal")
    return values.cast(kind)


def _trimmed(texts: pyarrow.Array, way: TextFormat) -> pyarrow.Array:
    """Null where nothing is left, or what stands for nothing."""
    cells = compute.utf8_trim_whitespace(texts)
    nothing = compute.is_in(cells, value_set=pyarrow.array(["", *way.missing], cells.type))
    return compute.if_else(nothing, None, cells)


def _numbers(cells: pyarrow.Array, way: TextFormat, problems: Problems) -> pyarrow.Array:
    """With a decimal comma, a text that has a point is none."""

    def why(row: int) -> str:
        text = cells[row].as_py()
        return f"{text!r:.60} is no number{hint(text, way)}"

    if way.decimal == ",":
        pointed = compute.replace_substring(compute.replace_substring(cells, ".", "?"), ",", ".")
        return cast_or_tell(pointed, _FLOAT, problems, why)
    return cast_or_tell(cells, _FLOAT, problems, why)


def _integers(datatype: TensorDatatype, cells: pyarrow.Array, way: TextFormat, problems: Problems) -> pyarrow.Array:
    """What is no row of digits may be a float without a fraction."""
    kind = pyarrow.from_numpy_dtype(DTYPES[datatype])
    is_whole = compute.fill_null(compute.match_substring_regex(cells, _DIGITS), False)
    digits = compute.utf8_ltrim(compute.if_else(is_whole, cells, None), "+")
    whole = cast_or_tell(digits, kind, problems, lambda row: f"{digits[row].as_py():.60} {out_of_range(datatype)}")
    floats = _numbers(compute.if_else(is_whole, None, cells), way, problems)
    values = floats.fill_null(np.nan).to_numpy(zero_copy_only=False)
    missing = np.isnan(values)
    found = fitted(datatype, values, missing, problems, lambda row: f"{cells[row].as_py():.60}")
    return compute.coalesce(whole, pyarrow.array(found, kind, mask=missing))
