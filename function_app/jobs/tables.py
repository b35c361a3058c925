"""The Parquet files of a package as columns, and columns as what the model takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from services.scoring.protocol.layout import DTYPES
from shared.packages import InputColumn, NotAPackage, Signature
from shared.packages.parquet import read_parquet
from shared.packages.signature.strict import words

type Columns = Mapping[str, Sequence[Any]]
type Feeds = dict[str, NDArray[Any]]


def read_table(file: str, body: bytes, needed: Sequence[str], welcome: Sequence[str] = ()) -> dict[str, list[Any]]:
    """The `needed` columns, and those of the `welcome` ones that are there.

    Raises `NotAPackage` naming the file and the column. For a process that may die of it.
    """
    try:
        table = read_parquet(body, [*needed, *welcome])
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
    """One array [N, ...] for each input, by name; texts as objects. Raises `ValueError` naming the column."""
    return {column.name: _feed(column, columns) for column in signature.inputs}


def _feed(column: InputColumn, columns: Columns) -> NDArray[Any]:
    if column.features is None:
        return _tensor(column, column.name, columns[column.name], column.shape[1:])
    parts = [_tensor(column, each.name, columns[each.name], (1,)) for each in column.features]
    return np.concatenate(parts, axis=1)


def _tensor(column: InputColumn, name: str, cells: Sequence[Any], inner: tuple[int, ...]) -> NDArray[Any]:
    """Cells are values, or lists of them however nested: [N, *inner]."""
    if column.datatype == "BYTES":
        texts = _texts(cells)
        return _shaped(name, texts, len(cells), inner)
    try:
        return _shaped(name, np.array(cells, dtype=DTYPES[column.datatype]), len(cells), inner)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{name}: datatype {column.datatype} and shape {words((-1, *inner))} are required: {error}"
        ) from error


def _texts(cells: Sequence[Any]) -> NDArray[Any]:
    flat = [each for cell in cells for each in (cell if isinstance(cell, list) else (cell,))]
    texts = np.empty(len(flat), dtype=object)
    texts[:] = ["" if each is None else str(each) for each in flat]
    return texts


def _shaped(name: str, found: NDArray[Any], rows: int, inner: tuple[int, ...]) -> NDArray[Any]:
    """Free sizes are those that are found: of one, what is left; of more, the nested lists must say."""
    if not rows:
        return found.reshape(0, *(max(size, 0) for size in inner))
    if inner.count(-1) > 1 and found.shape[1:] and len(found.shape) == len(inner) + 1:
        return found
    return found.reshape(rows, *inner)


def stacked(parts: Sequence[Feeds]) -> Feeds:
    """The rows of all parts, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
