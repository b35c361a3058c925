"""The environment that Microsoft's tests run in, and the tests themselves, out of the source distributions."""

import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.set_up import python_packages
from infra.set_up.files import ROOT, UV, UV_FOLDER, Stamp
from infra.set_up.steps import step
from infra.set_up.tools import environment, follow_pip

HERE = Path(__file__).parent
FOLDER = ROOT / ".local" / "azure-sdk"
_OFFLINE = "the packages could not be fetched: check the network and pip's settings (pip config list)"


@dataclass(frozen=True)
class Installed:
    """The environment's Python, and the unpacked distributions by name."""

    python: Path
    sources: dict[str, Path]


def install(folder: Path = FOLDER) -> Installed:
    """Fetch and unpack what is not there yet; raise `SetUpFailed` when that fails."""
    python, sdists = folder / "venv" / "bin" / "python", folder / "sdists"
    inputs = tuple(str(HERE / name) for name in ("requirements.txt", "sdists.txt"))
    stamp = Stamp(folder / "complete", inputs, (python, sdists))
    if not stamp.holds():
        stamp.lift()
        env = environment()
        python_packages.bootstrap_uv(env)
        _install(folder, python, sdists, follow_pip(env))
        stamp.set()
    return Installed(python, dict(_sources(sdists)))


def _install(folder: Path, python: Path, sdists: Path, env: dict[str, str]) -> None:
    version = (ROOT / ".python-version").read_text().strip()
    create = [str(UV), "venv", "--quiet", "--clear", "--python", version, str(folder / "venv")]
    step("an environment for Microsoft's tests", create, env, "uv venv failed")
    sync = [str(UV), "pip", "sync", "--quiet", "--require-hashes", "--python", str(python)]
    step("its packages, by hash", [*sync, str(HERE / "requirements.txt")], env, _OFFLINE)
    pip = [str(UV_FOLDER / "bin" / "python"), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    exactly = ["--no-binary", ":all:", "--no-deps", "--require-hashes", "-r", str(HERE / "sdists.txt")]
    step("the source distributions, by hash", [*pip, *exactly, "-d", str(sdists)], env, _OFFLINE)
    for archive in sdists.glob("*.tar.gz"):
        _unpack(archive)


def _unpack(archive: Path) -> None:
    """The tests alone: the packages are installed, and a second copy beside the tests would hide them."""
    with tarfile.open(archive) as packed:
        tests = [member for member in packed.getmembers() if member.name.split("/")[1:2] == ["tests"]]
        packed.extractall(archive.parent, tests, filter="data")


def _sources(sdists: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(sdists.iterdir()):
        if path.is_dir():
            yield path.name.rpartition("-")[0], path


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def clean_environment() -> dict[str, str]:
    """Without what points at this project's own environment."""
    return {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
