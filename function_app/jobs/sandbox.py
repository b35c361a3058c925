"""A stranger's model and tables in a process of their own: bounded time and memory, and none of our secrets."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from function_app.jobs.arrays import read_arrays, write_arrays
from function_app.jobs.tables import Feeds
from shared.packages import NotAPackage, write_files

_ROOT = Path(__file__).resolve().parents[2]


class ModelFailed(Exception):
    """The model did not do what was asked of it; the message says what it did instead."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`seconds` bound both processor and wall time of each process.

    `_do` is where a task of `model_process` is done: another kind of sandbox does it elsewhere.
    """

    seconds: int
    megabytes: int

    def inspect(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        """`problem` and `opset` of a package's graph; raises `ModelFailed` when not even that can be told."""
        with _package(files) as folder:
            self._do("inspect", folder)
            found: dict[str, Any] = json.loads((folder / "graph.json").read_text())
        return found

    def run(self, files: Mapping[str, bytes], feeds: Feeds) -> dict[str, NDArray[Any]]:
        """What a package's model answers to these rows: outputs by the names of its signature, [N, ...].

        Raises `ModelFailed`.
        """
        with _package(files) as folder:
            write_arrays(folder / "feeds.npz", feeds)
            self._do("run", folder)
            return read_arrays(folder / "outputs.npz")

    def neighbours(self, files: Mapping[str, bytes]) -> str:
        """What golden rows alone and together show of a model whose answers depend on its neighbours, "" if nothing.

        Raises `ModelFailed`.
        """
        with _package(files) as folder:
            (folder / "golden.parquet").write_bytes(files["golden.parquet"])
            self._do("neighbours", folder)
            return (folder / "neighbours.txt").read_text()

    def tests(self, files: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
        """By the name of each of the package's own tests its outcome, and what was said. Raises `ModelFailed`."""
        with _folder() as folder:
            write_files(folder / "package", files)
            self._do("tests", folder)
            found = json.loads((folder / "tests.json").read_text())
        return {name: (outcome, said) for name, (outcome, said) in found.items()}

    def table(self, file: str, body: bytes, needed: Sequence[str], welcome: Sequence[str] = ()) -> dict[str, list[Any]]:
        """These columns of a stranger's Parquet file, and the welcome ones that are there.

        Raises `NotAPackage` naming the file and the column.
        """
        with _folder() as folder:
            (folder / "table.parquet").write_bytes(body)
            (folder / "needed.json").write_text(json.dumps([file, list(needed), list(welcome)]))
            try:
                self._do("table", folder)
            except ModelFailed as failure:
                raise NotAPackage(file, f"cannot be read ({failure})") from failure
            found = json.loads((folder / "table.json").read_text())
        if "problem" in found:
            raise NotAPackage(file, found["problem"], found["column"])
        columns: dict[str, list[Any]] = found["columns"]
        return columns

    def _do(self, task: str, folder: Path) -> None:
        limits = ["--seconds", str(self.seconds), "--megabytes", str(self.megabytes)]
        command = [sys.executable, "-m", "function_app.jobs.model_process", task, str(folder), *limits]
        try:
            ended = subprocess.run(
                command, cwd=empty(folder), env=environment(), capture_output=True, timeout=self.seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ModelFailed(f"it did not end within {self.seconds} s") from error
        if ended.returncode:
            raise ModelFailed(reason(ended.returncode, ended.stderr))


class BoundedHere(Sandbox):
    """For a process that is bounded itself, and alone: the same tasks are done in it, without one of their own each."""

    def _do(self, task: str, folder: Path) -> None:
        from function_app.jobs.model_process import TASKS, last_words

        try:
            TASKS[task](folder)
        except Exception as error:  # whatever the model does is the answer
            raise ModelFailed(last_words(error)) from error


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sluice-model-") as folder:
        yield Path(folder)


@contextmanager
def _package(files: Mapping[str, bytes]) -> Iterator[Path]:
    """In a folder of its own in there: its files may have any name. Tables are left out: nobody in there reads them."""
    with _folder() as folder:
        needed = {name: body for name, body in files.items() if not name.endswith(".parquet")}
        write_files(folder / "package", needed)
        yield folder


def empty(folder: Path) -> Path:
    """A place in there for a process to be in: what a graph names by a relative path is then not there."""
    place = folder / "empty"
    place.mkdir(mode=0o500, exist_ok=True)
    return place


def environment() -> dict[str, str]:
    """What such a process may know. One thread in numpy, whose pools would eat the address space."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(_ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def reason(code: int, stderr: bytes) -> str:
    """Why a process ended, in its own last words or by its signal."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    said = lines[-1][:500] if lines else "it said nothing"
    return f"killed by signal {-code} ({said})" if code < 0 else said
