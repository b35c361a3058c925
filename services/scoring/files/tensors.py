"""Columns of lists, for inputs that take more than one value a row: images, tokens, embeddings.

A list may be nested as the input is, or flat, and of any length where the input leaves it free. All lists of a column
are unrolled at once: the values lie one after the other, and where a row's begin and what shape they have is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import pyarrow
from pyarrow import types

from services.scoring.files.columns import Cells, cells_of, fits, plain
from services.scoring.files.problems import NotScorable, Problems, blame
from shared.ports.models.inference import Array, TensorSpec

type Shape = tuple[int, ...]


@dataclass(slots=True)
class Tensors:
    """A row has `shapes[row]`, with as many of `values` from `starts[row]` on; both are of no use with a problem."""

    values: Array
    starts: Array
    shapes: Sequence[Shape]
    problems: Problems = field(default_factory=dict)

    def together(self, rows: Array) -> Array:
        """As one array; the rows have one shape."""
        shape = self.shapes[rows[0]]
        size, starts = prod(shape), self.starts[rows]
        if starts[-1] - starts[0] == size * (len(rows) - 1):
            found = self.values[starts[0] : starts[0] + size * len(rows)]
        else:
            found = np.concatenate([self.values[start : start + size] for start in starts.tolist()])
        return found.reshape(len(rows), *shape)


@dataclass(slots=True)
class _Unrolled:
    """`sizes` [levels, rows]; `rows` tells of each value whose it is."""

    values: pyarrow.Array
    sizes: Array
    rows: Array
    problems: Problems


def check_lists(spec: TensorSpec, kind: pyarrow.DataType, name: str) -> None:
    """Raises `NotScorable` when no value of such a column could be taken."""
    levels, inner = 0, kind
    while _is_list(inner):
        levels, inner = levels + 1, inner.value_type
    inner = inner.value_type if types.is_dictionary(inner) else inner
    is_deep_enough = levels == 1 or levels == len(spec.shape) - 1 or (levels > 1 and -1 not in spec.shape[1:])
    if not types.is_null(kind) and not (is_deep_enough and fits(spec.datatype, inner)):
        raise NotScorable(f"column {name}: {required(spec)} are required, a list in each row; it holds {kind}")


def required(spec: TensorSpec) -> str:
    sizes = ", ".join("any" if size == -1 else str(size) for size in spec.shape[1:])
    return f"[{sizes}] values of datatype {spec.datatype}"


def _is_list(kind: pyarrow.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def tensors_of(spec: TensorSpec, nullable: bool, column: pyarrow.Array) -> Tensors:
    """The column has passed `check_lists`."""
    if types.is_null(column.type):
        why = dict.fromkeys(range(len(column)), "the value is missing: a list is required")
        return Tensors(np.empty(0), np.zeros(len(column), int), [()] * len(column), why)
    unrolled = _unrolled(column)
    cells = cells_of(spec.datatype, nullable, unrolled.values)
    counts = np.bincount(unrolled.rows, minlength=len(column))
    starts = np.cumsum(counts) - counts
    _blame_values(unrolled, cells, starts)
    return Tensors(cells.values, starts, _shapes(spec, unrolled), unrolled.problems)


def _blame_values(unrolled: _Unrolled, cells: Cells, starts: Array) -> None:
    for place, reason in sorted(cells.problems.items()):
        row = int(unrolled.rows[place])
        unrolled.problems.setdefault(row, f"{reason} (value {place - starts[row] + 1} of its list)")


def _unrolled(column: pyarrow.Array) -> _Unrolled:
    problems: Problems = {}
    count = len(column)
    rows, sizes = np.arange(count), []
    while _is_list(column.type):
        missing = column.is_null().to_numpy(zero_copy_only=False)
        lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        first = np.zeros(count, np.int64)
        first[rows[::-1]] = lengths[::-1]  # of several, the last assignment stays: that of the first list
        blame(problems, _marked(count, rows[missing]), lambda _: "a list is missing")
        blame(problems, _marked(count, rows[lengths != first[rows]]), lambda _: "its lists are not of one length")
        sizes.append(first)
        rows, column = np.repeat(rows, lengths), plain(column.flatten())
    return _Unrolled(column, np.array(sizes), rows, problems)


def _marked(count: int, rows: Array) -> Array:
    found = np.zeros(count, bool)
    found[rows] = True
    return found


def _shapes(spec: TensorSpec, unrolled: _Unrolled) -> list[Shape]:
    """What does not fit the input is a problem."""
    different, which = np.unique(unrolled.sizes, axis=1, return_inverse=True)
    found = [tuple(map(int, column)) for column in different.T]
    fitting = [shaped(spec.shape[1:], shape) for shape in found]
    for index, shape in enumerate(fitting):
        if shape is None:
            why = f"{required(spec)} are required, found {list(found[index])}"
            blame(unrolled.problems, which == index, lambda _, why=why: why)  # type: ignore[misc]
    return [fitting[index] or () for index in which.tolist()]


def shaped(wanted: Shape, found: Shape) -> Shape | None:
    """As the input takes it: as it is, from a flat list, or with axes of size 1 more or less."""
    if 0 in found:
        return None
    if len(found) == len(wanted) and all(size in (-1, has) for size, has in zip(wanted, found, strict=True)):
        return found
    known = prod(size for size in wanted if size != -1)
    if len(found) == 1 and wanted.count(-1) <= 1:
        free, rest = divmod(found[0], known)
        fits_flat = not rest and (-1 in wanted or free == 1)
        return tuple(free if size == -1 else size for size in wanted) if fits_flat else None
    is_same = -1 not in wanted and [each for each in found if each > 1] == [each for each in wanted if each > 1]
    return wanted if is_same else None
