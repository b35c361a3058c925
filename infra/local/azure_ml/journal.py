"""The state of the emulator: one append-only file of JSON lines, rewritten without history at each start."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Record = tuple[str, dict[str, Any]]


class Journal:
    """Records reach the operating system before `append` returns, so a SIGKILL of the emulator loses none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")

    def read(self) -> list[Record]:
        """All whole records; a last line torn by a crash was never acknowledged and is dropped."""
        lines = self._path.read_bytes().split(b"\n")
        return [(kind, value) for kind, value in (json.loads(line) for line in lines[:-1] if line)]

    def append(self, kind: str, value: dict[str, Any]) -> None:
        self._file.write(_line(kind, value))
        self._file.flush()

    def compact(self, records: Iterable[Record]) -> None:
        """Replace the file by these records, atomically."""
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(_line(kind, value) for kind, value in records)
            file.flush()
            os.fsync(file.fileno())
        self._file.close()
        fresh.replace(self._path)
        self._file = self._path.open("ab")

    def close(self) -> None:
        self._file.close()


def _line(kind: str, value: dict[str, Any]) -> bytes:
    return json.dumps([kind, value], separators=(",", ":")).encode() + b"\n"
