"""The Parquet files of a package as columns, and columns as what the model takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from shared.packages import InputColumn, NotAPackage, Signature
from shared.packages.parquet import read_parquet

type Columns = Mapping[str, Sequence[Any]]
type Feeds = dict[str, NDArray[Any]]

_DTYPES = {"BOOL": np.bool_, "INT32": np.int32, "INT64": np.int64, "FP32": np.float32, "FP64": np.float64}


def read_table(file: str, body: bytes, needed: Sequence[str]) -> dict[str, list[Any]]:
    """The `needed` columns; raises `NotAPackage` naming the file and the column. For a process that may die of it."""
    try:
        table = read_parquet(body, needed)
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        raise NotAPackage(file, f"cannot be read ({str(error)[:300]})") from error
    missing = sorted(set(needed) - set(table.column_names))
    if missing:
        raise NotAPackage(file, "the column is missing", missing[0])
    if not table.num_rows:
        raise NotAPackage(file, "there are no rows in it")
    found: dict[str, list[Any]] = table.to_pydict()
    return found


def feeds(signature: Signature, columns: Columns) -> Feeds:
    """One array [N, 1] for each input; texts as objects. Raises `ValueError` naming the column."""
    return {column.name: _feed(column, columns[column.name]).reshape(-1, 1) for column in signature.inputs}


def _feed(column: InputColumn, cells: Sequence[Any]) -> NDArray[Any]:
    if column.datatype == "BYTES":
        return np.array(["" if cell is None else str(cell) for cell in cells], dtype=object)
    try:
        return np.array(cells, dtype=_DTYPES[column.datatype])
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{column.name}: {error}") from error


def stacked(parts: Sequence[Feeds]) -> Feeds:
    """The rows of all parts, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
