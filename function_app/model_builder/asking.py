"""Has the process build, and puts the folder where it is wanted when it is whole."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from function_app.jobs.sandbox import empty, environment, reason
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.process import Request
from function_app.model_builder.wanted import Tell


@contextmanager
def draft(target: Path, force: bool) -> Iterator[Path]:
    """An empty folder beside the target, which takes its place at the end, or is gone. Raises `CannotBuild`."""
    if target.exists() and not force:
        raise CannotBuild(f"{target}: it is there already; --force replaces it")
    if target.exists() and not (target / "signature.json").is_file() and any(target.iterdir()):
        raise CannotBuild(f"{target}: it holds something else than a package and is not replaced")
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.draft-", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        old = folder.with_name(f"{folder.name}.old")
        if target.exists():
            target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ask(request: Request, python: str, tell: Tell) -> dict[str, Any]:
    """What was built; raises `CannotBuild` with the process' own words, or how it died."""
    with tempfile.TemporaryDirectory(prefix="sluice-build-") as name:
        folder = Path(name)
        (folder / "request.json").write_text(request.to_json(), encoding="utf-8")
        command = [python, "-m", "function_app.model_builder.process", str(folder / "request.json")]
        with (folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                command, cwd=empty(folder), env=environment(), stdout=subprocess.PIPE, stderr=stderr, text=True,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            try:
                said = _listen(process, tell)
            finally:
                _end(process)
        if "built" in said:
            built: dict[str, Any] = said["built"]
            return built
        raise CannotBuild(said.get("refused") or _died(process, request, (folder / "stderr").read_bytes()))


def _listen(process: subprocess.Popen[str], tell: Tell) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for line in process.stdout or ():
        found = json.loads(line)
        if "say" in found:
            tell(found["say"])
        said |= found
    process.wait()
    return said


def _end(process: subprocess.Popen[str]) -> None:
    """With all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()
    if process.stdout:
        process.stdout.close()


def _died(process: subprocess.Popen[str], request: Request, stderr: bytes) -> str:
    why = reason(process.returncode, stderr)
    if process.returncode in (-9, -24):
        why = f"it used {request.seconds} s of processor time ({why}): --seconds allows more"
    return f"the process that builds has died: {why}"


def this_python() -> str:
    return sys.executable
