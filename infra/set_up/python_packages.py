"""uv in `.uv/`, and with it Python and everything that `requirements.txt` pins in `.venv/`."""

from __future__ import annotations  # set-up runs on Python 3.9

import subprocess
import sys

from infra.set_up.files import PYTHON, PYTHON_STAMP, ROOT, SLUICE, SLUICE_SCRIPT, UV, UV_FOLDER, UV_VERSION, VENV
from infra.set_up.steps import step
from infra.set_up.tools import check_venv_module, follow_pip

_INCOMPLETE = "the Python packages do not run though they are installed. Begin again with: rm -rf .venv && make setup"


def bootstrap_uv(env: dict[str, str]) -> None:
    """Put the pinned uv into `.uv/`, unless it is there already."""
    version = UV_FOLDER / "version"
    if UV.exists() and version.is_file() and version.read_text() == UV_VERSION:
        return
    check_venv_module()
    offline = "the Python package index cannot be reached: check the network and pip's settings (pip config list)"
    create = [sys.executable, "-m", "venv", "--clear", str(UV_FOLDER)]
    step("a place for uv (.uv)", create, env, "python -m venv failed")
    pip = [str(UV_FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"]
    step(f"uv {UV_VERSION}", pip, env, offline)
    version.write_text(UV_VERSION)


def install(env: dict[str, str]) -> None:
    """Bring `.venv/` to exactly what `requirements.txt` pins, every file checked by hash, and see that it runs."""
    PYTHON_STAMP.lift()
    bootstrap_uv(env)
    follow_pip(env)
    _create_venv(env)
    _sync(env)
    SLUICE.write_text(SLUICE_SCRIPT)
    SLUICE.chmod(0o755)
    agreed = [str(UV), "pip", "check", "--quiet", "--python", str(PYTHON)]
    step("do they agree with each other", agreed, env, _INCOMPLETE)
    step("does the command line run", [str(SLUICE), "--help"], env, _INCOMPLETE)
    step("does the local system run", [str(PYTHON), "-m", "infra.local", "--help"], env, _INCOMPLETE)
    PYTHON_STAMP.set()


def _create_venv(env: dict[str, str]) -> None:
    wanted = (ROOT / ".python-version").read_text().strip()
    if not _has_python(wanted):
        missing = f"Python {wanted} is neither installed nor to be fetched. Install it with: pyenv install {wanted}"
        create = [str(UV), "venv", "--quiet", "--clear", "--python", wanted, str(VENV)]
        step(f"Python {wanted} (.venv)", create, env, missing)


def _has_python(wanted: str) -> bool:
    asked = [str(PYTHON), "-c", "import platform; print(platform.python_version())"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return False
    return found == wanted or found.startswith(wanted + ".")


def _sync(env: dict[str, str]) -> None:
    # Compiled now, once: jobs and function apps start many processes, some of them where nothing may be written.
    sync = [str(UV), "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", "--python", str(PYTHON)]
    failed = "the packages of requirements.txt could not be installed: check the network and pip's settings"
    step("Python packages, by hash", [*sync, "requirements.txt"], env, failed)
