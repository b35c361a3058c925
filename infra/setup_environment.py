"""Make the environment of a fresh clone: `.uv/` (uv itself), `.venv/` (Python 3.13, pinned), `node_modules/` (Azurite).

Runs on any Python from 3.9 with nothing but the standard library, because nothing else exists yet. Registries are
whatever pip, uv and npm are configured for on this machine. When nothing changed since the last run, nothing is done.
"""

from __future__ import annotations  # this file must run on Python 3.9

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
UV_FOLDER, VENV = ROOT / ".uv", ROOT / ".venv"
UV, PYTHON, SLUICE = UV_FOLDER / "bin" / "uv", VENV / "bin" / "python", VENV / "bin" / "sluice"
STAMP = VENV / "setup-stamp"
NODE_STAMP = ROOT / "node_modules" / ".setup-stamp"
UV_VERSION = "0.13.9"
NODE_AT_LEAST = 20

SLUICE_SCRIPT = """#!/bin/sh
# Written by `make setup`: the operator's command line, from any folder.
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$root/.venv/bin/python" -P -m function_app.operator "$@"
"""


class SetUpFailed(Exception):
    """Says in one sentence what is missing and which command installs it."""


def digest(*names: str) -> str:
    """Identify the contents of these files."""
    sha = hashlib.sha256(UV_VERSION.encode() + SLUICE_SCRIPT.encode())
    for name in names:
        sha.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return sha.hexdigest()


def is_stamped(stamp: Path, expected: str) -> bool:
    """Tell whether this part was completed for exactly these inputs."""
    return stamp.is_file() and stamp.read_text() == expected


def require(tool: str, install: str) -> str:
    """Return the path of a tool, or name it with the command that installs it."""
    path = shutil.which(tool)
    if path is None:
        raise SetUpFailed(f"{tool} is missing. Install it with: {install}")
    return path


def check_node() -> str:
    """Return npm's path; raise `SetUpFailed` when Node is missing or too old."""
    install = f"sudo apt install nodejs npm   (or: brew install node; Node {NODE_AT_LEAST} or newer)"
    version = subprocess.run(
        [require("node", install), "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.match(r"v(\d+)\.", version)
    if not found or int(found.group(1)) < NODE_AT_LEAST:
        raise SetUpFailed(f"Node {version.strip() or '?'} is too old. Install Node {NODE_AT_LEAST} or newer: {install}")
    return require("npm", install)


def check_venv_module() -> None:
    """Raise `SetUpFailed` where Debian split `venv` from Python."""
    if subprocess.run([sys.executable, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode:
        raise SetUpFailed(
            f"{sys.executable} cannot create environments. Install it with: sudo apt install python3-venv"
        )


def environment() -> dict[str, str]:
    """Return the environment for uv and npm: caches beside the clone where there is no home to write to."""
    env = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    home = env.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        env.setdefault("UV_CACHE_DIR", str(UV_FOLDER / "cache"))
        env.setdefault("npm_config_cache", str(UV_FOLDER / "npm-cache"))
        env.setdefault("PIP_NO_CACHE_DIR", "1")
    return env


def follow_pip(env: dict[str, str]) -> dict[str, str]:
    """Let uv use the index and certificates that pip is configured for: uv does not read pip's files."""
    asked = [str(UV_FOLDER / "bin" / "python"), "-m", "pip", "config", "list"]
    listed = subprocess.run(asked, env=env, capture_output=True, text=True, check=False).stdout
    for pip_name, uv_name in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        found = re.search(rf"^(?:global|install|:env:)\.{pip_name}='(.*)'$", listed, re.MULTILINE)
        if found:
            env.setdefault(uv_name, found.group(1))
    return env


def step(title: str, command: list[str], env: dict[str, str], on_failure: str) -> None:
    """Run one command with a progress line; show its output only when it fails."""
    sys.stdout.write(f"setup: {title} ... ")
    sys.stdout.flush()
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.stdout.write("failed\n" + done.stdout[-4000:])
        raise SetUpFailed(on_failure)
    sys.stdout.write(f"{time.monotonic() - began:.1f} s\n")


def bootstrap_uv(env: dict[str, str]) -> None:
    """Put the pinned uv into `.uv/`, unless it is there already."""
    if UV.exists() and (UV_FOLDER / "version").is_file() and (UV_FOLDER / "version").read_text() == UV_VERSION:
        return
    check_venv_module()
    offline = "the Python package index cannot be reached: check the network and pip's settings (pip config list)"
    step(
        "a place for uv (.uv)", [sys.executable, "-m", "venv", "--clear", str(UV_FOLDER)], env, "python -m venv failed"
    )
    pip = [str(UV_FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"]
    step(f"uv {UV_VERSION}", pip, env, offline)
    (UV_FOLDER / "version").write_text(UV_VERSION)


def has_wanted_python() -> bool:
    """Tell whether `.venv` runs the Python that `.python-version` asks for."""
    wanted = (ROOT / ".python-version").read_text().strip()
    asked = [str(PYTHON), "-c", "import platform; print(platform.python_version())"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return False
    return found == wanted or found.startswith(wanted + ".")


def install_python(env: dict[str, str], stamp: str) -> None:
    """Bring `.venv/` to exactly what `requirements.txt` pins, every file checked by hash."""
    wanted = (ROOT / ".python-version").read_text().strip()
    if not has_wanted_python():
        missing = f"Python {wanted} is neither installed nor to be fetched. Install it with: pyenv install {wanted}"
        create = [str(UV), "venv", "--quiet", "--clear", "--python", wanted, str(VENV)]
        step(f"Python {wanted} (.venv)", create, env, missing)
    # Compiled now, once: jobs and function apps start many processes, some of them where nothing may be written.
    sync = [str(UV), "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", "--python", str(PYTHON)]
    step(
        "Python packages, by hash",
        [*sync, "requirements.txt"],
        env,
        "the packages of requirements.txt could not be installed",
    )
    SLUICE.write_text(SLUICE_SCRIPT)
    SLUICE.chmod(0o755)
    STAMP.write_text(stamp)


def install_node_packages(env: dict[str, str], stamp: str) -> None:
    """Install Azurite exactly as `package-lock.json` pins it; no package's own script is run."""
    npm = [check_node(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    step("Azurite (node_modules)", npm, env, "npm ci failed: check the network and npm's settings (npm config list)")
    NODE_STAMP.write_text(stamp)


def set_up() -> None:
    """Do what is not done yet."""
    python_stamp = digest("requirements.txt", ".python-version")
    node_stamp = digest("package.json", "package-lock.json")
    python_done = is_stamped(STAMP, python_stamp) and PYTHON.exists() and SLUICE.exists() and UV.exists()
    node_done = is_stamped(NODE_STAMP, node_stamp)
    if python_done and node_done:
        return
    env = environment()
    if not node_done:
        check_node()
    if not python_done:
        bootstrap_uv(env)
        install_python(follow_pip(env), python_stamp)
    if not node_done:
        install_node_packages(env, node_stamp)
    sys.stdout.write("setup: ready (.venv/bin/sluice --help)\n")


def lock(options: list[str]) -> NoReturn:
    """Compile `requirements.in` into `requirements.txt`; options go to uv, `--upgrade` for one."""
    env = environment()
    bootstrap_uv(env)
    settled = ["--python-version", "3.13", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
    command = [str(UV), "pip", "compile", *settled, *options, "requirements.in", "-o", "requirements.txt"]
    os.chdir(ROOT)
    os.execve(str(UV), command, follow_pip(env))  # noqa: S606 - no shell is wanted


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a failure is one line and exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=("setup", "lock"), default="setup")
    chosen, options = parser.parse_known_args(arguments)
    if options and chosen.command != "lock":
        parser.error(f"unknown options: {' '.join(options)}")
    try:
        if chosen.command == "lock":
            lock(options)
        set_up()
    except SetUpFailed as failure:
        sys.stderr.write(f"setup: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
