"""Parquet files from outside, bounded before they are columns: a file of a kilobyte may stand for gigabytes.

pyarrow is imported by those who call: it costs tens of megabytes that most processes do not need.
"""

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

MOST_ROWS, MOST_BYTES = 1_000_000, 256 << 20
_ROWS_AT_ONCE = 8_192
_BYTES_OF_A_VALUE = 8


class TooLarge(ValueError):
    """More rows or bytes than a table may have."""


def read_parquet(
    body: bytes, columns: Sequence[str] | None = None, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES
) -> "pyarrow.Table":
    """All columns, or these. Raises `TooLarge`, and pyarrow's own errors for what is no Parquet."""
    import pyarrow
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(io.BytesIO(body)) as file:
        schema, rows = file.schema_arrow.remove_metadata(), file.metadata.num_rows
    if rows > most_rows:
        raise TooLarge(f"{rows} rows, at most {most_rows} are taken")
    names = [name for name in schema.names if columns is None or name in columns]
    schema = pyarrow.schema([schema.field(name) for name in names])
    batches: list[pyarrow.RecordBatch] = []
    total = 0
    with pyarrow.parquet.ParquetFile(io.BytesIO(body), read_dictionary=texts_of(schema)) as file:
        _check_claims(file.metadata, names, most_bytes)
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=names, use_threads=False):
            total += bytes_of(batch)
            if total > most_bytes:
                raise TooLarge(f"more than {most_bytes} bytes in its columns")
            batch.validate(full=True)  # Parquet does not look at what it holds: its texts need not be Unicode
            batches += plain([batch], schema)
    return pyarrow.Table.from_batches(batches, schema)


def texts_of(schema: "pyarrow.Schema") -> list[str]:
    """Columns to be read as dictionaries: a text that comes again and again is then in memory once."""
    import pyarrow

    return [each.name for each in schema if pyarrow.types.is_string(each.type) or pyarrow.types.is_binary(each.type)]


def bytes_of(batch: "pyarrow.RecordBatch") -> int:
    """What its values take when each stands for itself."""
    import pyarrow
    import pyarrow.compute

    total = 0
    for column in batch.columns:
        if pyarrow.types.is_dictionary(column.type):
            lengths = pyarrow.compute.binary_length(column.dictionary).take(column.indices)
            total += pyarrow.compute.sum(lengths).as_py() or 0
        else:
            total += column.nbytes
    return total


def plain(batches: "Sequence[pyarrow.RecordBatch]", schema: "pyarrow.Schema") -> "Iterator[pyarrow.RecordBatch]":
    """Dictionaries as the texts they stand for."""
    import pyarrow

    yield from pyarrow.Table.from_batches(batches).cast(schema).to_batches()


def _check_claims(metadata: "pyarrow.parquet.FileMetaData", names: Sequence[str], most_bytes: int) -> None:
    """A list in one row may have millions of values, which would be there before its row is."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    found = (group.column(index) for group in groups for index in range(group.num_columns))
    wanted = (each.num_values for each in found if each.path_in_schema.startswith(tuple(names)))
    values = max(wanted, default=0)
    if values * _BYTES_OF_A_VALUE > most_bytes:
        raise TooLarge(f"{values} values in a column, at most {most_bytes // _BYTES_OF_A_VALUE} are taken")
