"""What must be on the machine already, what is said when it is not, and the environment for uv and npm."""

from __future__ import annotations  # set-up runs on Python 3.9

import os
import re
import shutil
import subprocess
import sys

from infra.set_up.files import UV_FOLDER
from infra.set_up.steps import SetUpFailed

NODE_AT_LEAST = 20
NODE_SOURCES = (
    "`nvm install 22` (github.com/nvm-sh/nvm), NodeSource's package (github.com/nodesource/distributions), "
    "or the archive from nodejs.org/en/download, unpacked, its bin/ on the PATH"
)


def check_node() -> tuple[str, str]:
    """Return the paths of node and npm; raise `SetUpFailed` when Node is missing or too old."""
    node = shutil.which("node")
    if node is None:
        raise SetUpFailed(f"node is missing: Node {NODE_AT_LEAST} or newer is needed. {_where_to_get_node()}")
    version = _output(node, "--version").strip()
    if _major(version) < NODE_AT_LEAST:
        needed = f"Node {version or '?'} is too old: {NODE_AT_LEAST} or newer is needed."
        raise SetUpFailed(f"{needed} {_where_to_get_node()}")
    npm = shutil.which("npm")
    if npm is None:
        raise SetUpFailed(f"npm, which belongs to Node, is missing beside {node}. {_where_to_get_node()}")
    return node, npm


def _where_to_get_node() -> str:
    """Name the distribution's package only where it is new enough: the advice must not lead back here."""
    offered = re.search(r"Candidate: *(\S+)", _output("apt-cache", "policy", "nodejs"))
    version = offered.group(1) if offered else "(none)"
    if _major(version) >= NODE_AT_LEAST:
        return f"Install it with: sudo apt install nodejs npm   ({version})"
    if version != "(none)":
        return f"Your distribution's ({version}) is too old. Install it with {NODE_SOURCES}"
    return f"Install it with {NODE_SOURCES}; many distributions' own are too old"


def _major(version: str) -> int:
    found = re.match(r"v?(?:\d+:)?(\d+)\.", version)
    return int(found.group(1)) if found else 0


def _output(*command: str) -> str:
    """Return what a command says, or nothing where it does not exist or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def check_venv_module() -> None:
    """Raise `SetUpFailed` where Debian split `venv` from Python."""
    if subprocess.run([sys.executable, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise SetUpFailed(f"{sys.executable} cannot create environments. Install it with: sudo apt install {package}")


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
