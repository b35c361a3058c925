"""The Parquet files of a package as columns, and columns as what the model takes."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from shared.packages import InputColumn, NotAPackage, Signature

type Columns = Mapping[str, Sequence[Any]]
type Feeds = dict[str, NDArray[Any]]

_DTYPES = {"BOOL": np.bool_, "INT32": np.int32, "INT64": np.int64, "FP32": np.float32, "FP64": np.float64}
_MOST_ROWS = 1_000_000


def read_table(file: str, body: bytes, needed: Sequence[str]) -> dict[str, list[Any]]:
    """The `needed` columns; raises `NotAPackage` naming the file and the column."""
    try:
        parquet = pyarrow.parquet.ParquetFile(io.BytesIO(body))
        if not 0 < parquet.metadata.num_rows <= _MOST_ROWS:
            raise NotAPackage(file, f"has {parquet.metadata.num_rows} rows, 1 to {_MOST_ROWS} are allowed")
        missing = sorted(set(needed) - set(parquet.schema_arrow.names))
        if missing:
            raise NotAPackage(file, "the column is missing", missing[0])
        table: dict[str, list[Any]] = parquet.read(columns=list(dict.fromkeys(needed))).to_pydict()
    except (pyarrow.ArrowException, OSError) as error:
        raise NotAPackage(file, f"cannot be read ({error})") from error
    return table


def feeds(signature: Signature, columns: Columns) -> Feeds:
    """One array [N, 1] for each input; texts as numpy's own text type. Raises `ValueError` naming the column."""
    return {column.name: _feed(column, columns[column.name]).reshape(-1, 1) for column in signature.inputs}


def _feed(column: InputColumn, cells: Sequence[Any]) -> NDArray[Any]:
    if column.datatype == "BYTES":
        return np.array(["" if cell is None else str(cell) for cell in cells], dtype=np.str_)
    try:
        return np.array(cells, dtype=_DTYPES[column.datatype])
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{column.name}: {error}") from error


def stacked(parts: Sequence[Feeds]) -> Feeds:
    """The rows of all parts, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
