"""Images, tensors and texts that lie in files of their own: a column holds their paths within one folder."""

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow

from services.scoring.files.decoding import decoded
from services.scoring.files.fitting import fitted
from services.scoring.files.problems import NotScorable, Problems
from services.scoring.files.tensors import Shape, Tensors, required, shaped
from services.scoring.protocol.layout import DTYPES, FLOATS
from shared.ports.models.inference import Array, TensorSpec

_MOST_BYTES = 64 << 20


class ReferredFiles:
    """`columns` hold paths although the input would take their texts as they are. Raises `NotScorable`."""

    def __init__(self, folder: Path, columns: Collection[str] = (), encoding: str = "utf-8") -> None:
        if not folder.is_dir():
            raise NotScorable(f"--files-in: {folder} is no folder")
        self._folder = folder.resolve()
        self.columns, self._encoding = frozenset(columns), encoding

    def check_used(self, columns: Collection[str]) -> None:
        """Raises `NotScorable` where nothing, or not all that was named, is a path."""
        for name in sorted(self.columns - set(columns)):
            raise NotScorable(f"--path-column: {name!r:.100} is no column of texts that an input is made of")
        if not columns:
            raise NotScorable("--files-in: no input takes paths; --path-column names a column of texts that holds some")

    def read(self, path: str) -> bytes:
        """Raises `ValueError` with a reason that names the path."""
        shown = f"{path!r:.100}"
        file = self._within(path, shown)
        try:
            if not stat.S_ISREG(file.stat(follow_symlinks=False).st_mode):
                raise ValueError(f"{shown} is no file")
            with open(file, "rb", opener=_not_by_a_link) as opened:
                body = opened.read(_MOST_BYTES + 1)
        except OSError as error:
            raise ValueError(f"{shown} cannot be read: {error.strerror}") from error
        if len(body) > _MOST_BYTES:
            raise ValueError(f"{shown} is larger than {_MOST_BYTES >> 20} MB")
        return body

    def text(self, path: str) -> str:
        """Raises `ValueError`."""
        try:
            return self.read(path).decode(self._encoding)
        except UnicodeError as error:
            raise ValueError(f"{path!r:.100} is no text in {self._encoding}; --encoding names another one") from error

    def _within(self, path: str, shown: str) -> Path:
        """Also after all links were followed."""
        given = PurePosixPath(path)
        if not path or "\0" in path or given.is_absolute() or ".." in given.parts:
            raise ValueError(f"{shown} is no path within the folder of --files-in")
        try:
            found = (self._folder / given).resolve()
        except OSError as error:
            raise ValueError(f"{shown} cannot be read: {error.strerror}") from error
        if not found.is_relative_to(self._folder):
            raise ValueError(f"{shown} is a link that leads out of the folder of --files-in")
        return found


def _not_by_a_link(path: str, flags: int) -> int:
    """Nor waiting for whoever writes into a pipe, should the file have become one."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def texts_by_path(column: pyarrow.Array, files: ReferredFiles, problems: Problems) -> pyarrow.Array:
    """Null where there is no path."""
    return pyarrow.array(_each(column, files.text, problems), pyarrow.large_string())


def tensors_by_path(spec: TensorSpec, nullable: bool, column: pyarrow.Array, files: ReferredFiles) -> Tensors:
    """In the model's datatype and shape."""
    problems: Problems = {}
    found = [_Found((), np.empty(0, DTYPES[spec.datatype])) if each is None else each
             for each in _each(column, lambda path: _tensor(spec, nullable, path, files), problems)]  # fmt: skip
    for row in np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)).tolist():
        problems.setdefault(row, "the value is missing: a path is required")
    sizes = np.array([len(each.values) for each in found], np.int64)
    values = np.concatenate([each.values for each in found]) if found else np.empty(0, DTYPES[spec.datatype])
    return Tensors(values, np.cumsum(sizes) - sizes, [each.shape for each in found], problems)


def _each[T](column: pyarrow.Array, read: Callable[[str], T], problems: Problems) -> list[T | None]:
    found: list[T | None] = []
    for row, path in enumerate(column.to_pylist()):
        try:
            found.append(None if path is None else read(path))
        except ValueError as error:
            problems[row] = str(error)
            found.append(None)
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    shape: Shape
    values: Array


def _tensor(spec: TensorSpec, nullable: bool, path: str, files: ReferredFiles) -> _Found:
    """Raises `ValueError`."""
    array = decoded(path, files.read(path), spec.shape[1:])
    shape = shaped(spec.shape[1:], array.shape)
    if shape is None:
        raise ValueError(f"{required(spec)} are required, {path!r:.100} has {list(array.shape)}")
    flat = array.reshape(-1)
    problems: Problems = {}
    missing = np.isnan(flat) if flat.dtype.kind == "f" else np.zeros(len(flat), bool)
    if missing.any() and not (nullable and spec.datatype in FLOATS):
        raise ValueError(f"{path!r:.100}: a value is missing (NaN), and this input is not nullable")
    values = fitted(spec.datatype, flat, missing, problems)
    if problems:
        raise ValueError(f"{path!r:.100}: {problems[min(problems)]}")
    if spec.datatype in FLOATS:
        values[missing] = np.nan
    return _Found(shape, values)
