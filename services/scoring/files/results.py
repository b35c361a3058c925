"""The files that scoring a file writes on a disk: whole or not at all, whatever ends it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from services.scoring.files.chunks import REJECTED, ScoredChunk


def side_file(target: Path) -> Path:
    """Where the rows go that cannot be scored."""
    return target.with_name(f"{target.name}.rejected.parquet")


def remove_drafts(target: Path) -> list[Path]:
    """Those of processes that were killed while they wrote `target`, and live no more; what was removed."""
    begins = tuple(f".{path.name}." for path in (target, side_file(target)))
    found = [path for path in target.parent.iterdir() if path.name.startswith(begins)]
    dead = [path for path in found if (pid := path.suffix[1:]).isdecimal() and not _lives(int(pid))]
    for path in dead:
        path.unlink(missing_ok=True)
    return dead


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it does, and is somebody else's
        return True
    return True


class Results:
    """Drafts beside `target` until `keep`; leaving the block without it leaves nothing behind."""

    def __init__(self, target: Path, schema: pyarrow.Schema) -> None:
        self._target = target
        self._drafts = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in (target, side_file(target))}
        scored, rejected = self._drafts.values()
        self._scored = _writer(scored, schema, target.suffix.lower())
        self._rejected = _writer(rejected, REJECTED, ".parquet")
        self.rows = self.rejected = 0
        self.by_field: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def add(self, chunk: ScoredChunk) -> None:
        self._scored.write_table(chunk.scored)
        self._rejected.write_table(chunk.rejected)
        self.rows += chunk.scored.num_rows + chunk.rejected.num_rows
        self.rejected += chunk.rejected.num_rows
        for field, count in chunk.by_field().items():
            self.by_field[field] = self.by_field.get(field, 0) + count

    def keep(self) -> None:
        """The side file first: whoever sees the result sees what is missing in it. Without such rows there is none."""
        self._close()
        side = side_file(self._target)
        if self.rejected:
            self._drafts[side].replace(side)
        else:
            side.unlink(missing_ok=True)
        self._drafts[self._target].replace(self._target)

    def _close(self) -> None:
        self._scored.close()
        self._rejected.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _uninteresting(error):
            self._close()
        for draft in self._drafts.values():
            draft.unlink(missing_ok=True)


def _writer(path: Path, schema: pyarrow.Schema, suffix: str) -> "pyarrow.parquet.ParquetWriter | pyarrow.csv.CSVWriter":
    return (pyarrow.csv.CSVWriter if suffix == ".csv" else pyarrow.parquet.ParquetWriter)(path, schema)


@contextmanager
def _uninteresting(error: BaseException | None) -> Iterator[None]:
    """When something went wrong before, that is what is told: a draft that is thrown away need not be well closed."""
    try:
        yield
    except (pyarrow.ArrowException, OSError):
        if error is None:
            raise
