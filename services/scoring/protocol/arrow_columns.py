"""Between Arrow's columns and arrays. Only plain columns pass: numbers, truths, texts, and lists of numbers."""

from math import prod
from typing import Any

import numpy as np
import pyarrow as pa

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.datatypes import fitted
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
        fits = spec.datatype == "BYTES" and is_text(leaf)
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


def is_text(kind: pa.DataType) -> bool:
    """In any of the ways in which Arrow holds texts: polars sends views, pandas categories come as dictionaries."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _wrong(spec: TensorSpec, found: object) -> Invalid:
    return Invalid(f"{spec.name}: expected shape {list(spec.shape)}, datatype {spec.datatype}; found {found!s:.200}")


def values_of(spec: TensorSpec, nullable: bool, column: pa.ChunkedArray, texts_left: list[int]) -> dict[str, Any]:
    """The column as a tensor with its values in one flat array, as `block_of` takes it.

    `texts_left` is how many characters the texts of one request may still have: many rows may share one long text.
    """
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    if not chunks:
        sizes = [max(size, 0) for size in spec.shape[1:]]
        return {"datatype": spec.datatype, "shape": [0, *sizes], "array": np.empty(0, DTYPES[spec.datatype])}
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
    if spec.datatype == "BYTES":
        return _texts(spec.name, flat, texts_left), inner
    return fitted(spec, flat.to_numpy(zero_copy_only=False)), inner  # nulls are NaN


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


def texts_of(name: str, column: pa.ChunkedArray, texts_left: list[int]) -> list[str]:
    """A column that `is_text`, null as an empty text."""
    return [text for chunk in column.chunks for text in _texts(name, chunk, texts_left)]


def _texts(name: str, flat: pa.Array, texts_left: list[int]) -> Array:
    if pa.types.is_dictionary(flat.type):
        known = _views_counted(name, flat.dictionary, texts_left).to_numpy(zero_copy_only=False)
        places = flat.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        values = np.append(known, [None])[places]
    else:
        values = _views_counted(name, flat, texts_left).to_numpy(zero_copy_only=False)
    texts = ["" if value is None else value for value in values]
    _take_from(texts_left, sum(map(len, texts)), name)
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def _views_counted(name: str, flat: pa.Array, texts_left: list[int]) -> pa.Array:
    """Many views may show one long text, which becomes one text each: their lengths are looked at before."""
    if pa.types.is_string_view(flat.type) and len(flat):
        lengths = np.frombuffer(flat.buffers()[1], np.int32)[::4][flat.offset : flat.offset + len(flat)]
        is_there = flat.is_valid().to_numpy(zero_copy_only=False)
        _take_from(list(texts_left), int(lengths[is_there].sum(dtype=np.int64)), name)
    return flat


def _take_from(texts_left: list[int], size: int, name: str) -> None:
    texts_left[0] -= size
    if texts_left[0] < 0:
        raise Invalid(f"{name}: the texts of all rows are longer than what a request may hold", 413)


def column_of(spec: TensorSpec, array: Array) -> pa.Array:
    """One output; what has several values for a row becomes lists of a fixed size."""
    flat = array.reshape(-1)
    column = pa.array([str(each) for each in flat], pa.string()) if spec.datatype == "BYTES" else pa.array(flat)
    if prod(array.shape[1:]) == 1:
        return column
    if not len(array):
        return pa.array([], _lists_of(column.type, array.shape[1:]))
    for size in reversed(array.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column


def _lists_of(kind: pa.DataType, sizes: tuple[int, ...]) -> pa.DataType:
    for size in reversed(sizes):
        kind = pa.list_(kind, size)
    return kind
