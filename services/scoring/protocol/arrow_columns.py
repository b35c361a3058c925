"""Between Arrow's columns and arrays. Only plain columns pass: numbers, truths, texts, and lists of numbers."""

from math import prod
from typing import Any

import numpy as np
import pyarrow as pa

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.layout import DTYPES, FLOATS
from shared.ports.models.inference import Array, TensorSpec

_DEEPEST = 8
_LISTS = (pa.types.is_fixed_size_list, pa.types.is_list, pa.types.is_large_list)


def found_in(spec: TensorSpec, kind: pa.DataType) -> None:
    """Raises `Invalid` unless a column of this type can be this input."""
    leaf = _leaf(kind)
    if pa.types.is_floating(leaf):
        fits = spec.datatype in FLOATS
    elif pa.types.is_integer(leaf):
        fits = spec.datatype not in ("BOOL", "BYTES")
    elif pa.types.is_boolean(leaf):
        fits = spec.datatype == "BOOL"
    else:
        fits = spec.datatype == "BYTES" and _is_text(leaf)
    if not fits:
        raise _wrong(spec, kind)


def _leaf(kind: pa.DataType) -> pa.DataType:
    """What the lists hold, None of them being deeper than any tensor is."""
    if isinstance(kind, pa.FixedShapeTensorType):
        kind = kind.storage_type
    for _ in range(_DEEPEST):
        if not any(is_list(kind) for is_list in _LISTS):
            break
        kind = kind.value_type
    return kind


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _wrong(spec: TensorSpec, found: object) -> Invalid:
    return Invalid(f"{spec.name}: expected shape {list(spec.shape)}, datatype {spec.datatype}; found {found!s:.200}")


def values_of(spec: TensorSpec, nullable: bool, column: pa.ChunkedArray, texts_left: list[int]) -> dict[str, Any]:
    """The column as a tensor with its values in one flat array, as `block_of` takes it.

    `texts_left` is how many characters the texts of one request may still have: many rows may share one long text.
    """
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    parts = [_values(spec, nullable, chunk, texts_left) for chunk in chunks]
    inner = parts[0][1]
    if any(part[1] != inner for part in parts):
        raise _wrong(spec, f"lists of {sorted({part[1] for part in parts})}")
    array = np.concatenate([part[0] for part in parts])
    return {"datatype": spec.datatype, "shape": [len(column), *inner], "array": array}


def _values(spec: TensorSpec, nullable: bool, chunk: pa.Array, texts_left: list[int]) -> tuple[Array, tuple[int, ...]]:
    flat, inner = _flatten(spec, chunk)
    if flat.null_count and not (nullable and not inner and spec.datatype in {*FLOATS, "BYTES"}):
        raise Invalid(f"{spec.name}: a value is missing (null), and this input is not nullable")
    return (_texts(spec, flat, texts_left) if spec.datatype == "BYTES" else _numbers(spec, flat)), inner


def _flatten(spec: TensorSpec, chunk: pa.Array) -> tuple[pa.Array, tuple[int, ...]]:
    """The values of lists of lists, and the sizes of these, which must be the same in every row."""
    rows, sizes, wanted = len(chunk), [], spec.shape[1:]
    if isinstance(chunk.type, pa.FixedShapeTensorType):
        if chunk.type.permutation not in (None, list(range(len(chunk.type.shape)))):
            raise _wrong(spec, chunk.type)
        sizes, chunk = list(chunk.type.shape), chunk.storage.flatten()
    while any(is_list(chunk.type) for is_list in _LISTS):
        if chunk.null_count:
            raise Invalid(f"{spec.name}: a list is missing (null)")
        inner = chunk.flatten()
        size, rest = divmod(len(inner), len(chunk))
        if rest or (not pa.types.is_fixed_size_list(chunk.type) and (np.diff(chunk.offsets) != size).any()):
            raise _wrong(spec, "lists of different lengths")
        sizes.append(size)
        if not size:
            raise _wrong(spec, "empty lists")
        chunk = inner
    found = tuple(sizes)
    if len(found) == 1 and len(wanted) > 1 and -1 not in wanted and found[0] == prod(wanted):
        found = tuple(wanted)
    if len(chunk) != rows * prod(found):
        raise _wrong(spec, f"{len(chunk)} values for shape {[rows, *found]}")
    return chunk, found


def _numbers(spec: TensorSpec, flat: pa.Array) -> Array:
    """Whole numbers become floats where the model wants floats, and other whole numbers where they fit."""
    values = flat.to_numpy(zero_copy_only=False)  # nulls are NaN
    dtype = DTYPES[spec.datatype]
    if dtype.kind in "iu" and len(values):
        limits = np.iinfo(dtype)
        if int(values.min()) < limits.min or int(values.max()) > limits.max:
            raise Invalid(f"{spec.name}: a value is outside of the range of datatype {spec.datatype}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype)


def _texts(spec: TensorSpec, flat: pa.Array, texts_left: list[int]) -> Array:
    if pa.types.is_dictionary(flat.type):
        known = flat.dictionary.to_numpy(zero_copy_only=False)
        places = flat.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        values = np.append(known, [None])[places]
    else:
        values = flat.to_numpy(zero_copy_only=False)
    texts = ["" if value is None else value for value in values]
    texts_left[0] -= sum(map(len, texts))
    if texts_left[0] < 0:
        raise Invalid(f"{spec.name}: the texts of all rows are longer than what a request may hold", 413)
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def column_of(spec: TensorSpec, array: Array) -> pa.Array:
    """One output; what has several values for a row becomes lists of a fixed size."""
    flat = array.reshape(-1)
    column = pa.array([str(each) for each in flat], pa.string()) if spec.datatype == "BYTES" else pa.array(flat)
    for size in reversed(array.shape[1:] if array.size != len(array) else ()):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column
