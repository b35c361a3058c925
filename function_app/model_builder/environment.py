"""The environment in which other libraries' models are read: this one where it has them, else one of its own."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.formats import NEEDS
from function_app.model_builder.wanted import Tell

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_UV = Path(__file__).resolve().parents[2] / ".uv" / "bin" / "uv"


def python_for(kind: str, tell: Tell) -> str:
    """The Python that can read models of this kind; raises `CannotBuild` when it cannot be installed."""
    if all(find_spec(each) for each in NEEDS[kind]):
        return sys.executable
    return str(installed(tell))


def folder() -> Path:
    """One for each list of requirements, shared by all copies of this program."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(_REQUIREMENTS.read_bytes() + version.encode()).hexdigest()
    return cache / "sluice" / f"model-exporters-{digest[:16]}"


def installed(tell: Tell) -> Path:
    """Its Python; what is not there yet is installed, by hash. Whoever comes meanwhile waits."""
    place = folder()
    python, complete = place / "bin" / "python", place / "complete"
    if complete.exists():
        return python
    place.parent.mkdir(parents=True, exist_ok=True)
    tell("waiting for another installation of LightGBM, XGBoost, CatBoost, skops and onnxmltools")
    with _alone(place.with_suffix(".lock")):
        if not complete.exists():
            _install(place, python, tell)
            complete.touch()
    return python


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(place: Path, python: Path, tell: Tell) -> None:
    tell("installing LightGBM, XGBoost, CatBoost, skops and onnxmltools, once (about 1 GB)")
    shutil.rmtree(place, ignore_errors=True)
    uv = str(_UV) if _UV.exists() else shutil.which("uv")
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(place)])
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(_REQUIREMENTS)])
        return
    _run([sys.executable, "-m", "venv", str(place)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*pip, "--require-hashes", "-r", str(_REQUIREMENTS)])


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotBuild(f"the libraries could not be installed ({last[:300]}): check the network and pip's settings")
