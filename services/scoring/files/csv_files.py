"""Files of texts between separators, all columns as texts: what one stands for is up to the model's signature."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import pyarrow
import pyarrow.csv

from services.scoring.files.text_format import TextFormat

_SEPARATORS = ";\t|,"
_MOST_HEADER = 1 << 16
# How such a file begins.
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """`text` has a separator; `is_packed` by gzip. All but what blames raise Arrow's errors and `UnicodeError`."""

    path: Path
    is_packed: bool
    text: TextFormat

    @classmethod
    def of(cls, path: Path, suffix: str, text: TextFormat) -> Self:
        separator = text.separator or ("\t" if suffix.startswith(".tsv") else ",")
        return cls(path, suffix.endswith(".gz"), replace(text, separator=separator))

    def schema(self) -> pyarrow.Schema:
        with self._open(pyarrow.csv.ConvertOptions()) as reader:
            return pyarrow.schema([(name, pyarrow.string()) for name in reader.schema.names])

    def __iter__(self) -> Iterator[pyarrow.RecordBatch]:
        return self._batches()

    def _batches(self, check_utf8: bool = True) -> Iterator[pyarrow.RecordBatch]:
        options = pyarrow.csv.ConvertOptions(
            column_types=self.schema(), strings_can_be_null=True, quoted_strings_can_be_null=False,
            null_values=["", *self.text.missing], check_utf8=check_utf8,
        )  # fmt: skip
        with self._open(options) as reader:
            yield from reader

    def _open(self, options: pyarrow.csv.ConvertOptions) -> pyarrow.csv.CSVStreamingReader:
        return pyarrow.csv.open_csv(
            self._stream(),
            convert_options=options,
            read_options=pyarrow.csv.ReadOptions(encoding=self.text.encoding),
            parse_options=pyarrow.csv.ParseOptions(delimiter=self.text.separator, newlines_in_values=True),
        )

    def _stream(self) -> pyarrow.NativeFile:
        file = pyarrow.OSFile(str(self.path))
        return pyarrow.CompressedInputStream(file, "gzip") if self.is_packed else file

    def blamed_header(self, error: Exception) -> str:
        """In words why it cannot be opened, "" for any other reason than how its texts are written."""
        header = self._header()
        if header.startswith(_UTF_16) and self.text.encoding == "utf-8":
            return "its text is UTF-16: --encoding utf-16"
        if isinstance(error, UnicodeError):
            return self._not_of_encoding("its header")
        separator = other_separator([header.decode("latin-1")]) if self.text.separator.encode() not in header else ""
        return f"this is not one table of texts{separator_hint(separator)}" if separator else self.blamed_text(error)

    def blamed_text(self, error: Exception) -> str:
        """In words which text is none in this encoding, "" for any other error."""
        if isinstance(error, UnicodeError):
            return self._not_of_encoding("its text")
        return self._first_that_is_none() if "UTF8" in str(error) else ""

    def _first_that_is_none(self) -> str:
        """The file is read once more: the reader does not say where it was."""
        row = 0
        for batch in self._batches(check_utf8=False):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                for at, cell in enumerate(column.view(pyarrow.binary()).to_pylist()):
                    if cell is not None and not _is_utf8(cell):
                        return self._not_of_encoding(f"row {row + at}, column {name[:100]!r}: its text")
            row += batch.num_rows
        return ""

    def _not_of_encoding(self, what: str) -> str:
        encoding = "UTF-8" if self.text.encoding == "utf-8" else self.text.encoding
        return f"{what} is not {encoding}; --encoding names another one, for instance --encoding latin-1"

    def _header(self) -> bytes:
        try:
            with self._stream() as stream:
                return bytes(stream.read(_MOST_HEADER)).split(b"\n", 1)[0]
        except (pyarrow.ArrowException, OSError):
            return b""


def other_separator(names: list[str]) -> str:
    """Of a header that was read as one name."""
    return next((each for each in _SEPARATORS if len(names) == 1 and each in names[0]), "")


def separator_hint(separator: str) -> str:
    name = "tab" if separator == "\t" else repr(separator)
    return f"; its header is separated by {name}: --separator {name}" if separator else ""


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True
