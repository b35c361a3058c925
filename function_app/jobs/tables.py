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
_MOST_BYTES = 1 << 30
# Rows decoded at a time: few bytes of a file may stand for a long text in each row.
_BATCH_ROWS = 256


def read_table(file: str, body: bytes, needed: Sequence[str]) -> dict[str, list[Any]]:
    """The `needed` columns; raises `NotAPackage` naming the file and the column."""
    try:
        parquet = pyarrow.parquet.ParquetFile(io.BytesIO(body))
        if not 0 < parquet.metadata.num_rows <= _MOST_ROWS:
            raise NotAPackage(file, f"has {parquet.metadata.num_rows} rows, 1 to {_MOST_ROWS} are allowed")
        missing = sorted(set(needed) - set(parquet.schema_arrow.names))
        if missing:
            raise NotAPackage(file, "the column is missing", missing[0])
        return _decoded(file, parquet, list(dict.fromkeys(needed)))
    except (pyarrow.ArrowException, OSError) as error:
        raise NotAPackage(file, f"cannot be read ({error})") from error


def _decoded(file: str, parquet: pyarrow.parquet.ParquetFile, names: list[str]) -> dict[str, list[Any]]:
    """Bounded in bytes before it is Python's; texts that are not Unicode are Arrow's error."""
    batches, size = [], 0
    for batch in parquet.iter_batches(_BATCH_ROWS, columns=names):
        batch.validate(full=True)
        batches.append(_spelt_out(batch))
        size += batches[-1].nbytes
        if size > _MOST_BYTES:
            raise NotAPackage(file, f"holds more than {_MOST_BYTES} bytes, unpacked")
    columns: dict[str, list[Any]] = pyarrow.Table.from_batches(batches).to_pydict()
    return columns


def _spelt_out(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """Every row as long as it will be: of a dictionary, many rows share one text."""
    columns = [each.dictionary_decode() if pyarrow.types.is_dictionary(each.type) else each for each in batch.columns]
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def feeds(signature: Signature, columns: Columns) -> Feeds:
    """One array [N, 1] for each input; texts as numpy's own text type. Raises `ValueError` naming the column."""
    return {column.name: _feed(column, columns[column.name]).reshape(-1, 1) for column in signature.inputs}


def _feed(column: InputColumn, cells: Sequence[Any]) -> NDArray[Any]:
    if column.datatype == "BYTES":
        return _texts(column.name, ["" if cell is None else str(cell) for cell in cells])
    try:
        return np.array(cells, dtype=_DTYPES[column.datatype])
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{column.name}: {error}") from error


def _texts(name: str, cells: list[str]) -> NDArray[np.str_]:
    """numpy's texts are all as wide as the longest, at four bytes a character."""
    longest = max(map(len, cells), default=0)
    if 4 * longest * len(cells) > _MOST_BYTES:
        raise ValueError(f"{name}: {len(cells)} texts of up to {longest} characters need more than {_MOST_BYTES} bytes")
    return np.array(cells, dtype=np.str_)


def stacked(parts: Sequence[Feeds]) -> Feeds:
    """The rows of all parts, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
