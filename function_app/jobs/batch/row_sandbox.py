"""A stranger's rows in a process of their own: bounded memory, bounded time for each chunk, and none of our secrets.

How much a file holds is not known before it is read: a page of Parquet says itself how large it becomes, and a
kilobyte may become two gigabytes. So it is the kernel that bounds it, in a process that is not missed.
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from function_app.jobs.batch.counts import Counts
from function_app.jobs.sandbox import environment
from services.scoring.files import NotScorable, remove_drafts
from shared.events import PackageRef
from shared.ports import Refused, Unavailable

# A chunk may hold `MOST_CHUNK_BYTES` (1 GB), and is there as a table, as arrays and as results.
MEGABYTES = 8_192
CHUNK_SECONDS = 600


class RowSandbox:
    """The files of the package lie in `folder`. The process starts with the first need of it, and anew when it died."""

    def __init__(
        self, folder: Path, package: PackageRef, megabytes: int = MEGABYTES, chunk_seconds: float = CHUNK_SECONDS
    ) -> None:
        self._folder, self._package = folder.absolute(), package
        self._megabytes, self.chunk_seconds = megabytes, chunk_seconds
        self._process: subprocess.Popen[bytes] | None = None
        # Not within the package's folder, which may be one that nobody may write to.
        self._place = tempfile.TemporaryDirectory(prefix="sluice-empty-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """What is asked of it next starts another process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def load(self) -> None:
        """Raises `Refused` for a package that must not score, `Unavailable` when the process does not come up."""
        if self._process is not None:
            return
        command = [sys.executable, "-m", "function_app.jobs.batch.row_process", str(self._folder)]
        command += ["--package", self._package.model_dump_json(), "--megabytes", str(self._megabytes)]
        self._process = subprocess.Popen(
            command, cwd=self._place.name, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            found = self._hear()
        except NotScorable as died:
            raise Unavailable(f"the package is not loaded: {died}") from died
        if "refused" in found:
            self.close()
            raise Refused(found["refused"])

    def chunks(self, source: Path, name: str, chunk_rows: int, first: int, into: Path) -> Iterator[Counts]:
        """The rows of each lie in `into` until the next is asked for. Raises `NotScorable`, and what `load` raises."""
        order = {"source": str(source.absolute()), "name": name, "into": str(into.absolute())}
        for found in self._answers({**order, "chunk_rows": chunk_rows, "first": first}, after_each=b"\n"):
            yield Counts(int(found["rows"]), {str(name): int(rows) for name, rows in found["rejected_by"].items()})

    def whole(self, source: Path, target: Path, chunk_rows: int) -> tuple[int, int]:
        """Scored to one file, which is there whole or not at all; rows and rejected rows. Raises as `chunks` does."""
        rows = rejected = 0
        order = {"source": str(source.absolute()), "target": str(target.absolute()), "chunk_rows": chunk_rows}
        try:
            for found in self._answers(order):
                rows, rejected = int(found["rows"]), int(found["rejected"])
        except NotScorable:
            remove_drafts(target)  # of a process that died, nobody else does
            raise
        return rows, rejected

    def _answers(self, order: dict[str, Any], after_each: bytes = b"") -> Iterator[dict[str, Any]]:
        self.load()
        self._say(json.dumps(order).encode() + b"\n")
        try:
            while "end" not in (found := self._hear()):
                if "problem" in found:
                    raise NotScorable(found["problem"])
                yield found
                self._say(after_each)
        except GeneratorExit:  # it stands in the midst of a file that nobody wants any more
            self.close()
            raise

    def _say(self, line: bytes) -> None:
        stdin = _running(self._process).stdin
        assert stdin is not None  # noqa: S101 - a pipe
        try:
            stdin.write(line)
            stdin.flush()
        except BrokenPipeError:
            pass  # it died: when the answer does not come, that is said

    def _hear(self) -> dict[str, Any]:
        process, late = _running(self._process), threading.Event()
        assert process.stdout is not None  # noqa: S101 - a pipe

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self.chunk_seconds, end)
        timer.start()
        try:
            if (line := process.stdout.readline()).endswith(b"\n"):
                found: dict[str, Any] = json.loads(line)
                return found
            code = process.wait()
        finally:
            timer.cancel()
        self.close()
        why = f"there was nothing within {self.chunk_seconds:g} s" if late.is_set() else _reason(code)
        raise NotScorable(f"the process that reads and scores it was ended: {why}")


def _environment() -> dict[str, str]:
    """Arrow reads and ONNX Runtime runs with all cores; an arena of the heap for each thread would use the bound up."""
    found = environment() | {"MALLOC_ARENA_MAX": "2"}
    del found["OMP_NUM_THREADS"]
    return found


def _running(process: "subprocess.Popen[bytes] | None") -> "subprocess.Popen[bytes]":
    assert process is not None  # noqa: S101 - `load` comes first
    return process


def _reason(code: int) -> str:
    """Without its last words, which may quote rows; they are in the log, where those of this process would be."""
    return f"by signal {-code}" if code < 0 else f"with code {code}"
