"""Notices as files, for people (and tests) on the same machine."""

import asyncio
import json
import os
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from shared.ports import Notice, Unavailable


class FileOutbox:
    """One JSON file for each notice: a repeat replaces it. Files are their owner's alone: links are secrets."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def send(self, notice: Notice) -> None:
        try:
            await asyncio.to_thread(self._write, notice)
        except OSError as error:
            raise Unavailable(f"outbox: {error.strerror or type(error).__name__}") from error

    def _write(self, notice: Notice) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._directory / f"{sha256(notice.key.encode()).hexdigest()}.json"
        # Temporary files are created with mode 0600, and a rename keeps it.
        with NamedTemporaryFile("w", dir=self._directory, suffix=".draft", delete=False, encoding="utf-8") as draft:
            try:
                json.dump(asdict(notice), draft, ensure_ascii=False, indent=1, default=datetime.isoformat)
                draft.flush()
                os.fsync(draft.fileno())
                Path(draft.name).replace(path)
            except BaseException:  # raised again
                Path(draft.name).unlink(missing_ok=True)
                raise
