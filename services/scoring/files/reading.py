"""Reading a file of rows, Parquet or CSV, in chunks of exactly so many rows, from any chunk on."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow
import pyarrow.parquet

from services.scoring.files.csv_files import CsvFile
from services.scoring.files.problems import NotScorable
from services.scoring.files.text_format import TextFormat
from shared.packages.batch import SUFFIXES
from shared.packages.parquet import bytes_of, plain, texts_of

# Of a chunk of rows, before anything is made of it.
MOST_CHUNK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class RowFile:
    """`rows` is None where only reading all of it would tell; with `text`, every column holds texts."""

    path: Path
    schema: pyarrow.Schema
    rows: int | None
    csv: CsvFile | None = None

    @property
    def text(self) -> TextFormat | None:
        return self.csv.text if self.csv else None

    def chunks(self, chunk_rows: int, first: int = 0) -> Iterator[pyarrow.Table]:
        """Chunk `first` and all after it. Each has `chunk_rows` rows but the last. Raises `NotScorable`."""
        skipped = first * chunk_rows
        try:
            batches = _after(self.csv, skipped) if self.csv else _parquet_batches(self, chunk_rows, skipped)
            yield from _exactly(chunk_rows, batches)
        except pyarrow.ArrowCancelled as interrupted:
            raise KeyboardInterrupt from interrupted
        except (pyarrow.ArrowException, UnicodeError, OSError) as error:
            why = self.csv.blamed_text(error) if self.csv else ""
            raise NotScorable(why or f"the file cannot be read to its end: {_said(error)}") from error


def open_rows(path: Path, name: str = "", text: TextFormat | None = None) -> RowFile:
    """By the suffix of `name`, that of `path` without it; `text` is for files of texts alone. Raises `NotScorable`."""
    suffix = next((each for each in SUFFIXES if (name or path.name).lower().endswith(each)), None)
    if suffix is None:
        raise NotScorable(f"a file that ends with {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} is required")
    if suffix == ".parquet" and text is not None and replace(text, encoding="utf-8") != TextFormat():
        raise NotScorable("--separator, --decimal and --missing are for .csv and .tsv: a Parquet file has types")
    csv = CsvFile.of(path, suffix, text or TextFormat()) if suffix != ".parquet" else None
    try:
        found = RowFile(path, csv.schema(), None, csv) if csv else _open_parquet(path)
    except (pyarrow.ArrowException, UnicodeError, OSError) as error:
        why = csv.blamed_header(error) if csv else ""
        raise NotScorable(why or f"this is not a {suffix[1:]} file that can be read: {_said(error)}") from error
    # Counted once: a line of a megabyte may name half a million columns.
    twice = sorted(name for name, count in Counter(found.schema.names).items() if count > 1)
    if twice:
        raise NotScorable(f"column {twice[0][:100]!r}: there are two of this name")
    return found


def _open_parquet(path: Path) -> RowFile:
    with pyarrow.parquet.ParquetFile(path) as file:
        return RowFile(path, file.schema_arrow.remove_metadata(), file.metadata.num_rows)


def _parquet_batches(file: RowFile, chunk_rows: int, skipped: int) -> Iterator[pyarrow.RecordBatch]:
    """Row groups that lie before the first row wanted are not even read."""
    with pyarrow.parquet.ParquetFile(file.path, read_dictionary=texts_of(file.schema)) as parquet:
        groups = [parquet.metadata.row_group(index).num_rows for index in range(parquet.metadata.num_row_groups)]
        while groups and skipped >= groups[0]:
            skipped -= groups.pop(0)
        wanted = range(parquet.metadata.num_row_groups - len(groups), parquet.metadata.num_row_groups)
        batches = parquet.iter_batches(batch_size=chunk_rows, row_groups=list(wanted)) if groups else ()
        yield from _after(_bounded(batches, file.schema), skipped)


def _bounded(batches: Iterable[pyarrow.RecordBatch], schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """A text that comes again and again is in memory once, until it is known that there is room for all of them."""
    for batch in batches:
        if bytes_of(batch) > MOST_CHUNK_BYTES:
            raise NotScorable(f"{batch.num_rows} rows of it are more than {MOST_CHUNK_BYTES >> 20} MB")
        yield from map(_valid, plain([batch], schema))


def _valid(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """Parquet itself does not look at what it holds. Raises `NotScorable` naming the column."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except pyarrow.ArrowInvalid as error:
            raise NotScorable(f"column {name[:100]!r}: it holds what is no {column.type}") from error
    return batch


def _after(batches: Iterable[pyarrow.RecordBatch], rows: int) -> Iterator[pyarrow.RecordBatch]:
    """All but the first `rows` rows."""
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(rows)
        rows = max(0, rows - batch.num_rows)


def _exactly(rows: int, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.Table]:
    held: list[pyarrow.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        while count >= rows:
            table = pyarrow.Table.from_batches(held)
            yield table.slice(0, rows)
            held, count = table.slice(rows).to_batches(), count - rows
    if count:
        yield pyarrow.Table.from_batches(held)


def _said(error: Exception) -> str:
    """The reason without what follows it after a colon: there the reader quotes rows, which are nobody's business.

    With one core, and only then, the number of the row comes before the reason.
    """
    parts = str(error).split("\n", 1)[0].split(": ")
    return ": ".join(parts[: 3 if parts[1:] and parts[1].startswith("Row #") else 2])[:300]
