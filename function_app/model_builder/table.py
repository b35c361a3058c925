"""The rows that come with a model: Parquet, CSV, or what a notebook has in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from function_app.model_builder.errors import CannotBuild

type Table = pyarrow.Table


def read(source: Any) -> Table:
    """A path, a table of pyarrow, a frame of pandas or polars, or a mapping of columns; raises `CannotBuild`."""
    if isinstance(source, str | Path):
        return _file(Path(source))
    if isinstance(source, pyarrow.Table):
        return source
    if hasattr(source, "to_arrow"):
        return source.to_arrow()
    if hasattr(source, "columns") and hasattr(source, "to_dict"):
        return pyarrow.Table.from_pandas(source, preserve_index=False).replace_schema_metadata(None)
    try:
        return pyarrow.table(source)
    except (TypeError, ValueError, pyarrow.ArrowException) as error:
        raise CannotBuild(f"data: a file, a frame or columns by name are expected ({error})") from error


def _file(path: Path) -> Table:
    try:
        if path.suffix == ".parquet":
            return pyarrow.parquet.read_table(path).replace_schema_metadata(None)
        if path.name.endswith((".csv", ".csv.gz")):
            nulls = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
            return pyarrow.csv.read_csv(path, convert_options=nulls)
    except (OSError, pyarrow.ArrowException) as error:
        raise CannotBuild(f"{path}: it cannot be read ({str(error)[:200]})") from error
    raise CannotBuild(f"{path}: a .parquet, .csv or .csv.gz file is expected")


def column(table: Table, name: str, what: str) -> Any:
    """The column; raises `CannotBuild` with the names there are."""
    if table.column_names.count(name) != 1:
        raise CannotBuild(f"{what}: there is no column {name!r} in the data; it has {_some(table.column_names)}")
    found = table.column(name)
    plain = found.cast(found.type.value_type) if pyarrow.types.is_dictionary(found.type) else found
    return plain.combine_chunks()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown


def is_text(cells: Any) -> bool:
    kind = cells.type
    return any(test(kind) for test in (pyarrow.types.is_string, pyarrow.types.is_large_string, _is_view))


def _is_view(kind: Any) -> bool:
    return bool(pyarrow.types.is_string_view(kind))


def is_list(cells: Any) -> bool:
    kind = cells.type
    return any(
        test(kind) for test in (pyarrow.types.is_list, pyarrow.types.is_large_list, pyarrow.types.is_fixed_size_list)
    )


def is_number(cells: Any) -> bool:
    kind = cells.type
    numbers = (pyarrow.types.is_integer, pyarrow.types.is_floating, pyarrow.types.is_boolean, pyarrow.types.is_decimal)
    return any(test(kind) for test in numbers)


def array(cells: Any, dtype: Any) -> NDArray[Any]:
    """[N], or [N, ...] for lists of one size. Nulls are NaN, or empty text. Raises `ValueError`."""
    if dtype == np.object_:
        texts = ["" if cell is None else cell if isinstance(cell, list) else str(cell) for cell in cells.to_pylist()]
        return np.array(texts, dtype=object)
    if is_list(cells):
        return np.array(cells.to_pylist(), dtype=dtype)
    if np.issubdtype(dtype, np.floating):
        return np.asarray(cells.cast(pyarrow.float64()).to_numpy(zero_copy_only=False), dtype=dtype)
    if cells.null_count:
        raise ValueError(f"{cells.null_count} nulls, and {np.dtype(dtype).name} has none")
    return np.asarray(cells.to_numpy(zero_copy_only=False)).astype(dtype)


def moments(table: Table, name: str) -> NDArray[np.datetime64]:
    """UTC, in microseconds; raises `CannotBuild` for a column without times."""
    cells = column(table, name, "time")
    try:
        if is_text(cells):
            cells = pyarrow.array([_moment(each) for each in cells.to_pylist()], pyarrow.timestamp("us"))
        if pyarrow.types.is_timestamp(cells.type) and cells.type.tz:
            cells = cells.cast(pyarrow.timestamp("us", tz="UTC"))
        found: NDArray[np.datetime64] = cells.cast(pyarrow.timestamp("us")).to_numpy(zero_copy_only=False)
    except (ValueError, pyarrow.ArrowException) as error:
        raise CannotBuild(f"time: column {name!r} holds no times ({str(error)[:200]})") from error
    if np.isnat(found).any():
        raise CannotBuild(f"time: column {name!r} has rows without a time")
    return found


def _moment(text: str | None) -> datetime:
    found = datetime.fromisoformat(text or "")
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
