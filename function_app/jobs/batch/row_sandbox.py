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
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

from function_app.jobs.batch.counts import Counts
from function_app.jobs.sandbox import environment
from services.scoring.files import NotScorable, remove_drafts
from shared.events import PackageRef
from shared.ports import Refused, Unavailable

# A chunk may hold `MOST_CHUNK_BYTES` (1 GB), and is there as a table, as arrays and as results.
MEGABYTES = 8_192
CHUNK_SECONDS = 600


@dataclass(frozen=True, slots=True)
class _Running:
    process: "subprocess.Popen[bytes]"
    orders: IO[bytes]
    answers: IO[bytes]

    def say(self, line: bytes) -> None:
        try:
            self.orders.write(line)
            self.orders.flush()
        except BrokenPipeError:
            pass  # it died: when the answer does not come, that is said


class RowSandbox:
    """The files of the package lie in `folder`. The process starts with the first need of it, and anew when it died."""

    def __init__(
        self, folder: Path, package: PackageRef, megabytes: int = MEGABYTES, chunk_seconds: float = CHUNK_SECONDS
    ) -> None:
        self._folder, self._package = folder.absolute(), package
        self._megabytes, self.chunk_seconds = megabytes, chunk_seconds
        self._running: _Running | None = None
        # Not within the package's folder, which may be one that nobody may write to.
        self._place = tempfile.TemporaryDirectory(prefix="sluice-empty-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._place.cleanup()

    @property
    def pid(self) -> int | None:
        return self._running.process.pid if self._running else None

    def close(self) -> None:
        """What is asked of it next starts another process."""
        running, self._running = self._running, None
        if running is not None:
            running.process.kill()
            running.process.communicate()

    def load(self) -> None:
        """Raises `Refused` for a package that must not score, `Unavailable` when the process does not come up."""
        self._loaded()

    def _loaded(self) -> _Running:
        if self._running is None:
            self._running = self._started()
            self._hear_that_it_loaded(self._running)
        return self._running

    def _started(self) -> _Running:
        command = [sys.executable, "-m", "function_app.jobs.batch.row_process", str(self._folder)]
        command += ["--package", self._package.model_dump_json(), "--megabytes", str(self._megabytes)]
        process = subprocess.Popen(
            command, cwd=self._place.name, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        orders, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)  # pipes, as was asked for
        return _Running(process, orders, answers)

    def _hear_that_it_loaded(self, running: _Running) -> None:
        try:
            found = self._hear(running)
        except NotScorable as died:
            raise Unavailable(f"the package is not loaded: {died}") from died
        if "refused" in found:
            self.close()
            raise Refused(found["refused"])

    def chunks(
        self, source: Path, name: str, chunk_rows: int, first: int, into: Path, options: str = ""
    ) -> Iterator[Counts]:
        """The rows of each lie in `into` until the next is asked for; `options` as they came with the file.

        Raises `NotScorable`, and what `load` raises.
        """
        order = {"source": str(source.absolute()), "name": name, "into": str(into.absolute()), "options": options}
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
        running = self._loaded()
        running.say(json.dumps(order).encode() + b"\n")
        try:
            while "end" not in (found := self._hear(running)):
                if "problem" in found:
                    raise NotScorable(found["problem"])
                yield found
                running.say(after_each)
        except GeneratorExit:  # it stands in the midst of a file that nobody wants any more
            self.close()
            raise

    def _hear(self, running: _Running) -> dict[str, Any]:
        process, late = running.process, threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self.chunk_seconds, end)
        timer.start()
        try:
            if (line := running.answers.readline()).endswith(b"\n"):
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


def _reason(code: int) -> str:
    """Without its last words, which may quote rows; they are in the log, where those of this process would be."""
    return f"by signal {-code}" if code < 0 else f"with code {code}"
