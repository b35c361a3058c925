"""Which column of the data is which input of the graph, and the arrays that it takes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute
from numpy.typing import NDArray

from function_app.model_builder import table as tables
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.table import Table
from shared.packages.graph import GraphTensor
from shared.packages.signature import Feature, InputColumn, Kind
from shared.packages.signature.strict import FLOATS, Shape

DTYPES: Mapping[str, Any] = {
    "BOOL": np.bool_, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "UINT8": np.uint8,
    "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64, "FP16": np.float16, "FP32": np.float32,
    "FP64": np.float64, "BYTES": np.object_,
}  # fmt: skip
_MOST_CATEGORIES, _LONGEST_CATEGORY = 1_000, 64


def columns_of(table: Table, features: Sequence[str], set_aside: frozenset[str], width: int) -> tuple[str, ...]:
    """The columns that a model takes: those that it names, else all that are not set aside. Raises `CannotBuild`.

    Libraries change names as converters do: LightGBM writes "mean_radius" for "mean radius".
    """
    if features:
        real = {_identifier(name): name for name in table.column_names}
        named = [name if name in table.column_names else real.get(_identifier(name), name) for name in features]
        for name in named:
            tables.column(table, name, "features")
        return tuple(named)
    found = tuple(name for name in table.column_names if name not in set_aside)
    if width and len(found) != width:
        found = tuple(name for name in found if tables.is_number(table.column(name)))
    if width and len(found) != width:
        raise CannotBuild(
            f"features: the model takes {width} columns, the data has {len(found)} that may be meant "
            f"({', '.join(map(repr, found[:40]))}): name them with --features, or leave some out with --ignore"
        )
    return found


def inputs_of(graph: Sequence[GraphTensor], table: Table, columns: Sequence[str], is_text: bool) -> list[InputColumn]:
    """Raises `CannotBuild` where it cannot be told which column is which input."""
    by_tensor = _matched(graph, columns)
    if by_tensor is not None:
        return [_column(tensor, table, by_tensor[tensor.name], is_text) for tensor in graph]
    if len(graph) == 1 and len(columns) == 1:
        return [_column(graph[0], table, columns[0], is_text)]
    if len(graph) == 1 and len(graph[0].shape or ()) == 2:
        return [_matrix(graph[0], table, columns)]
    names = ", ".join(repr(tensor.name) for tensor in graph[:20])
    raise CannotBuild(
        f"inputs: the graph takes {names}, and the data has columns {', '.join(map(repr, columns[:20]))}: which is "
        "which? Name the columns as the inputs are, or the columns of a matrix with --features"
    )


def _matched(graph: Sequence[GraphTensor], columns: Sequence[str]) -> dict[str, str] | None:
    """The column of each tensor by its name, or by the name that converters make of it."""
    known = {_identifier(name): name for name in columns} | {name: name for name in columns}
    found = {tensor.name: known.get(tensor.name, known.get(_identifier(tensor.name), "")) for tensor in graph}
    return found if all(found.values()) and len(set(found.values())) == len(graph) else None


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _shape(tensor: GraphTensor) -> Shape:
    shape = tensor.shape if tensor.shape else (-1, 1)
    return (shape[0] if shape[0] in (-1, 1) else -1, *shape[1:])


def _column(tensor: GraphTensor, table: Table, name: str, is_text: bool) -> InputColumn:
    cells = tables.column(table, name, "features")
    shape = _shape(tensor)
    if tables.is_list(cells) and shape[1:] == (1,):
        raise CannotBuild(f"{name}: lists, where input {tensor.name!r} takes one value for each row")
    kind, categories = _kind(cells, tensor.datatype, shape, is_text)
    nullable = bool(cells.null_count) and tensor.datatype in (*FLOATS, "BYTES")
    return InputColumn(
        name=name, tensor=None if tensor.name == name else tensor.name, datatype=_known(tensor), shape=shape, kind=kind,
        categories=categories, nullable=nullable,
    )  # fmt: skip


def _known(tensor: GraphTensor) -> Any:
    if tensor.datatype not in DTYPES:
        raise CannotBuild(
            f"input {tensor.name!r} is {tensor.datatype}; a tensor of one of {', '.join(DTYPES)} is needed"
        )
    return tensor.datatype


def _kind(cells: Any, datatype: str, shape: Shape, is_text: bool) -> tuple[Kind, tuple[str, ...] | None]:
    if datatype == "BYTES":
        distinct = [] if tables.is_list(cells) else [each for each in cells.unique().to_pylist() if each]
        few = len(distinct) <= _MOST_CATEGORIES and all(len(str(each)) <= _LONGEST_CATEGORY for each in distinct)
        return (
            ("categorical", tuple(sorted(map(str, distinct)))) if few and distinct and not is_text else ("text", None)
        )
    if is_text:
        return "text", None
    return ("image", None) if len(shape) >= 3 and is_image(shape) else ("numeric", None)


def is_image(shape: Shape) -> bool:
    """[N, H, W], or with channels before or after."""
    inner = shape[1:]
    return (len(inner) == 2 and min(inner) > 3) or (
        len(inner) == 3 and (inner[0] in (1, 3, 4) or inner[-1] in (1, 3, 4))
    )


def _matrix(tensor: GraphTensor, table: Table, columns: Sequence[str]) -> InputColumn:
    width = (tensor.shape or (-1, -1))[1]
    if width not in (-1, len(columns)):
        raise CannotBuild(
            f"features: input {tensor.name!r} has {width} columns, the data has {len(columns)} that may be meant "
            f"({', '.join(map(repr, columns[:40]))}): name them with --features, or leave some out with --ignore"
        )
    features = []
    for name in columns:
        cells = tables.column(table, name, "features")
        kind, categories = _kind(cells, tensor.datatype, (-1, 1), is_text=False)
        nullable = bool(cells.null_count) and tensor.datatype in (*FLOATS, "BYTES")
        features.append(Feature(name=name, kind=kind, categories=categories, nullable=nullable))
    first = _shape(tensor)[0]
    name = tensor.name if tensor.name not in columns else f"{tensor.name}_matrix"
    return InputColumn(
        name=name, tensor=None if name == tensor.name else tensor.name, datatype=_known(tensor),
        shape=(first, len(columns)), features=tuple(features),
    )  # fmt: skip


def feeds(inputs: Sequence[InputColumn], table: Table) -> dict[str, NDArray[Any]]:
    """By the graph's names: [N, ...], or an array of objects, each one row, where sizes differ from row to row."""
    return {each.graph_name: _feed(each, table) for each in inputs}


def _feed(given: InputColumn, table: Table) -> NDArray[Any]:
    dtype = DTYPES[given.datatype]
    try:
        if given.features:
            return np.stack([_cells(table, each.name, dtype) for each in given.features], axis=1)
        cells = tables.column(table, given.name, "features")
        if tables.is_list(cells) and _is_ragged(cells):
            return _ragged(cells, dtype)
        return tables.array(cells, dtype).reshape(-1, *given.shape[1:])
    except (ValueError, TypeError, OverflowError, pyarrow.ArrowException) as error:
        raise CannotBuild(
            f"{given.name}: it does not go into {given.datatype} {list(given.shape)} ({error})"
        ) from error


def _cells(table: Table, name: str, dtype: Any) -> NDArray[Any]:
    try:
        return tables.array(tables.column(table, name, "features"), dtype)
    except (ValueError, TypeError, pyarrow.ArrowException) as error:
        raise CannotBuild(f"{name}: it does not go into {np.dtype(dtype).name} ({str(error)[:200]})") from error


def _is_ragged(cells: Any) -> bool:
    lengths = pyarrow.compute.list_value_length(cells)
    return len(lengths.unique()) > 1


def _ragged(cells: Any, dtype: Any) -> NDArray[Any]:
    found = np.empty(len(cells), dtype=object)
    found[:] = [np.array(row, dtype=dtype) for row in cells.to_pylist()]
    return found
