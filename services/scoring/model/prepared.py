"""Packages that were checked and optimised before, in a folder: a restart then needs neither onnx nor pyarrow.

The work is done by a process of its own. It ends with its memory, and it does not hold up the one that answers.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp

import orjson

from shared.packages import write_files
from shared.ports import Refused, Unavailable

# What the preparing process ends with when the package must not serve; why is the last thing it wrote.
REFUSED = 3
_CHECKED = "checked.json"
_KEPT = 20


class PreparedModels:
    """`command` prepares the package in the folder that is its next argument, in place, given the digest after it.

    `kind` names everything an optimised model depends on, such as the runtime's version: another kind is made anew.
    The folder must belong to this user alone, for what lies in it is believed.
    """

    def __init__(self, folder: Path, kind: str, command: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
            raise Refused(f"{folder}: a folder that only this user may write is required")
        self._folder = folder
        self._kind = kind
        self._command = list(command)

    async def find(self, digest: str) -> Mapping[str, bytes] | None:
        """None when it was not prepared yet, or is not whole."""
        return await asyncio.to_thread(self._find, digest)

    def _find(self, digest: str) -> Mapping[str, bytes] | None:
        entry = self._entry(digest)
        try:
            found = _read_whole(entry)
            os.utime(entry)
        except (OSError, ValueError):
            return None
        return found

    def _entry(self, digest: str) -> Path:
        return self._folder / f"{digest}-{self._kind}"

    async def make(self, digest: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Prepare and keep it. Raises `Refused`, or `Unavailable` when the process did not come to an end."""
        draft = await asyncio.to_thread(self._write_draft, files)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, str(draft), digest, stderr=asyncio.subprocess.PIPE
            )
            _, said = await process.communicate()
            words = said.decode(errors="replace").strip()
            if process.returncode == REFUSED:
                raise Refused(words)
            if process.returncode:
                raise Unavailable(f"preparing {digest} ended with {process.returncode}: {words[-500:]}")
            return await asyncio.to_thread(self._keep, draft, digest)
        finally:
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)

    def _write_draft(self, files: Mapping[str, bytes]) -> Path:
        draft = Path(mkdtemp(prefix=".draft-", dir=self._folder))
        write_files(draft, files)
        return draft

    def _keep(self, draft: Path, digest: str) -> Mapping[str, bytes]:
        found = _read_whole(draft)
        try:
            draft.rename(self._entry(digest))
        except OSError:  # another process was faster, or what is there is broken
            shutil.rmtree(self._entry(digest), ignore_errors=True)
            draft.rename(self._entry(digest))
        entries = sorted(self._folder.glob("[0-9a-f]*-*"), key=lambda each: each.stat().st_mtime, reverse=True)
        for entry in entries[_KEPT:]:
            shutil.rmtree(entry, ignore_errors=True)
        return found


def write_prepared(folder: Path, files: Mapping[str, bytes]) -> None:
    """Exchange what is in the folder for these files; the list of their digests comes last."""
    for old in folder.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for name, body in files.items():
        (folder / name).write_bytes(body)
    (folder / _CHECKED).write_bytes(orjson.dumps({name: _digest(body) for name, body in files.items()}))


def _read_whole(folder: Path) -> dict[str, bytes]:
    """Raises `ValueError` or `OSError` unless all of it is there as it was written."""
    expected = orjson.loads((folder / _CHECKED).read_bytes())
    found = {name: (folder / name).read_bytes() for name in expected}
    if {name: _digest(body) for name, body in found.items()} != expected:
        raise ValueError(f"{folder}: altered since it was written")
    return found


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
