"""Attempts that a batch had in processes which its function's time-out ended.

The real host outlives its worker, and counts on; here one process is both, so it leaves a note for the next one.
"""

import json
from pathlib import Path


class AttemptsMade:
    """`path` is of this instance alone. The note holds one batch, for a process is ended once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._batch, self._attempts = _read(path)

    def of(self, batch: str) -> int:
        """How many attempts the batch had: 0, unless it is the one that ended the process of before."""
        return self._attempts if batch == self._batch else 0

    def note(self, batch: str, attempts: int) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps([batch, attempts]), encoding="utf-8")
        draft.replace(self._path)


def _read(path: Path) -> tuple[str | None, int]:
    if not path.exists():
        return None, 0
    batch, attempts = json.loads(path.read_text(encoding="utf-8"))
    return str(batch), int(attempts)
