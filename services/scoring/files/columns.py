"""From a column of a file to what the model takes, by the rules that hold for requests; what does not fit, row by row.

A number of any width is taken for a float; for an integer also a float without a fraction, which is what pandas makes
of integers beside missing values. Null and NaN are missing values, and taken where the signature says nullable.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from services.scoring.files.reading import NotScorable
from services.scoring.protocol.layout import DTYPES, FLOATS, is_feature
from shared.ports.models.inference import Array, TensorSpec

_TYPES: dict[str, Callable[[pyarrow.DataType], bool]] = {
    "BYTES": lambda kind: pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind),
    "BOOL": pyarrow.types.is_boolean,
}
_BLANKS = {"BYTES": "", "BOOL": False}


@dataclass(slots=True)
class Cells:
    """One value for each row, a blank where there is a problem; `problems` say what is wrong, by row."""

    values: Array
    problems: dict[int, str] = field(default_factory=dict)


def check_type(spec: TensorSpec, kind: pyarrow.DataType, from_text: bool) -> None:
    """Raises `NotScorable` when no value of such a column could be taken."""
    kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    if pyarrow.types.is_null(kind) or (from_text and is_feature(spec)):
        return
    if is_feature(spec):
        fits = _TYPES.get(spec.datatype, _is_number)(kind)
    else:
        fits = -1 not in spec.shape[1:] and _is_list(kind)
    if not fits:
        raise NotScorable(f"column {spec.name}: values of datatype {spec.datatype} are required, it holds {kind}")


def cells_of(spec: TensorSpec, nullable: bool, column: pyarrow.ChunkedArray, from_text: bool) -> Cells:
    """The column has passed `check_type`."""
    plain = column.combine_chunks()
    if pyarrow.types.is_dictionary(plain.type):
        plain = plain.dictionary_decode()
    if pyarrow.types.is_decimal(plain.type):
        plain = plain.cast(pyarrow.float64())
    if not is_feature(spec):
        return _tensors(spec, plain)
    found = Cells(np.empty(0))
    if from_text and spec.datatype != "BYTES":
        plain = _parsed(spec, plain, found.problems)
    missing = _nulls(plain)
    blank = _BLANKS.get(spec.datatype, 0)
    if pyarrow.types.is_null(plain.type):
        values = np.full(len(plain), blank, DTYPES[spec.datatype])
    else:
        values = plain.fill_null(pyarrow.scalar(blank).cast(plain.type)).to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        missing |= np.isnan(values)
    found.values = _numbers(spec, values, missing, found.problems)
    if not nullable:
        _blame(found.problems, missing, lambda _: "the value is missing, and this input is not nullable")
    elif spec.datatype in FLOATS:
        found.values[missing] = np.nan
    return found


def _is_number(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind) or pyarrow.types.is_decimal(kind))


def _is_list(kind: pyarrow.DataType) -> bool:
    return bool(
        pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) or pyarrow.types.is_fixed_size_list(kind)
    )


def _nulls(column: pyarrow.Array) -> Array:
    found: Array = column.is_null().to_numpy(zero_copy_only=False).copy()
    return found


def _blame(problems: dict[int, str], rows: Array, why: Callable[[int], str]) -> None:
    """The first thing found to be wrong with a row stays."""
    for row in np.flatnonzero(rows).tolist():
        problems.setdefault(row, why(row))


def _numbers(spec: TensorSpec, values: Array, missing: Array, problems: dict[int, str]) -> Array:
    """In the model's own datatype; 0 where a value is missing or does not fit."""
    dtype = DTYPES[spec.datatype]
    if spec.datatype in ("BYTES", "BOOL"):
        return values.astype(dtype)
    if spec.datatype in FLOATS:
        with np.errstate(over="ignore"):
            found = values.astype(dtype)
        wrong = np.isinf(found)
        reason = "infinite, or outside of the range of datatype"
    else:
        limits = np.iinfo(dtype)
        whole = values.dtype.kind != "f" or (np.trunc(values) == values)
        # As a float, the largest 64-bit integer is one more than it: there the limit itself is outside.
        above = values >= float(limits.max) if values.dtype.kind == "f" and dtype.itemsize == 8 else values > limits.max
        wrong = ~(whole & (values >= limits.min) & ~above)
        found = np.where(wrong | missing, 0, values).astype(dtype)
        reason = "no whole number in the range of datatype"
    _blame(problems, wrong & ~missing, lambda row: f"{values[row].item()!r:.40} is {reason} {spec.datatype}")
    found[wrong | missing] = 0
    return found


def _parsed(spec: TensorSpec, texts: pyarrow.Array, problems: dict[int, str]) -> pyarrow.Array:
    """Numbers or truth values that texts stand for; null where one stands for nothing."""
    trimmed = pyarrow.compute.utf8_trim_whitespace(texts)
    trimmed = pyarrow.compute.if_else(pyarrow.compute.equal(trimmed, ""), None, trimmed)
    wanted = pyarrow.from_numpy_dtype(DTYPES[spec.datatype])
    # Floats by way of the widest: one that is out of range is told, instead of being no number at all.
    kinds = [pyarrow.float64()] if spec.datatype in FLOATS else [wanted, *_also(spec)]
    for kind in kinds:
        try:
            return trimmed.cast(kind)
        except pyarrow.ArrowInvalid:
            continue
    found = [_parse(text, kinds) for text in trimmed.to_pylist()]
    for row, (value, text) in enumerate(zip(found, trimmed.to_pylist(), strict=True)):
        if value is None and text is not None:
            problems[row] = f"{text!r:.60} is no {'truth value' if spec.datatype == 'BOOL' else 'number'}"
    blamed = [_BLANKS.get(spec.datatype, 0) if row in problems else value for row, value in enumerate(found)]
    return pyarrow.array(blamed, kinds[-1])


def _also(spec: TensorSpec) -> list[pyarrow.DataType]:
    return [] if spec.datatype == "BOOL" else [pyarrow.float64()]


def _parse(text: str | None, kinds: list[pyarrow.DataType]) -> Any:
    for kind in kinds:
        try:
            return None if text is None else pyarrow.scalar(text).cast(kind).as_py()
        except pyarrow.ArrowInvalid:
            continue
    return None


def _tensors(spec: TensorSpec, column: pyarrow.Array) -> Cells:
    """A list in each row; a value that is missing within is as wrong as a missing list."""
    shape, dtype = spec.shape[1:], DTYPES[spec.datatype]
    found = Cells(np.zeros((len(column), *shape), dtype))
    for row, value in enumerate(column.to_pylist()):
        try:
            array = np.array(value, dtype)
        except (TypeError, ValueError, OverflowError):
            array = np.empty(0)
        if array.shape != shape or (spec.datatype in FLOATS and not np.isfinite(array).all()):
            found.problems[row] = f"{list(shape)} finite values of datatype {spec.datatype} are required"
        else:
            found.values[row] = array
    return found
