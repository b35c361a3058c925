"""A fresh clone as set-up sees it, and small stand-ins for what it calls: node, npm, and a package index with uv."""

import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.set_up.files import UV_VERSION

ROOT = Path(__file__).resolve().parents[3]
INPUTS = ("requirements.txt", ".python-version", "package.json", "package-lock.json", "Makefile", "infra/__init__.py")
LAUNCHER = "infra/local/azurite_launcher.cjs"
COMMAND = [sys.executable, "-E", "-s", "-S", "-m", "infra.set_up"]

NODE = """case "$1" in
--version) echo v22.1.0;;
*) for service in Blob Queue Table; do echo "Azurite $service service is successfully listening"; done;;
esac"""
# As real ones do, two at once fail. It waits until it may go on.
NPM = """PATH=/usr/bin:/bin
mkdir npm-runs || exit 1
until [ -e npm-may-go-on ]; do sleep 0.02; done
mkdir -p node_modules/azurite/dist/src && touch node_modules/azurite/dist/src/azurite.js
echo once >>npm-ran; rmdir npm-runs"""
# Makes environments whose `python` is content with whatever it is asked to run.
UV = """PATH=/usr/bin:/bin
[ "$1" = venv ] || exit 0
for folder; do :; done
mkdir -p "$folder/bin"; printf '#!/bin/sh\\necho 3.13.0\\n' >"$folder/bin/python"; chmod +x "$folder/bin/python"
"""


def fresh_clone(folder: Path) -> Path:
    """What set-up reads of a fresh clone."""
    for name in (*INPUTS, LAUNCHER):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "infra/set_up", folder / "infra/set_up", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def tool(folder: Path, name: str, script: str) -> Path:
    """Put a program of our own into a folder; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def tools(folder: Path) -> Path:
    """A machine with Node and npm, and with what a shell script may count on."""
    tool(folder, "npm", NPM)
    (folder / "dirname").symlink_to(shutil.which("dirname") or "")
    return tool(folder, "node", NODE)


def with_uv(clone: Path) -> Path:
    """A clone that has uv already, which saves making an environment for it."""
    tool(clone / ".uv/bin", "uv", UV)
    (clone / ".uv/version").write_text(UV_VERSION)
    (clone / ".uv/bin/python").symlink_to(sys.executable)
    return clone


def package_index(folder: Path) -> Path:
    """A folder that pip takes uv from."""
    folder.mkdir()
    release = f"uv-{UV_VERSION}"
    with zipfile.ZipFile(folder / f"{release}-py3-none-any.whl", "w") as wheel:
        script = zipfile.ZipInfo(f"{release}.data/scripts/uv")
        script.external_attr = (stat.S_IFREG | 0o755) << 16  # pip makes executable what is so in the archive
        wheel.writestr(script, f"#!/bin/sh\n{UV}")
        wheel.writestr(f"{release}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: uv\nVersion: {UV_VERSION}\n")
        wheel.writestr(f"{release}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{release}.dist-info/RECORD", "")
    return folder


def begin(clone: Path, path: Path, *arguments: str, index: Path | None = None) -> subprocess.Popen[str]:
    """Start set-up with nothing but the tools in `path`, without home and without network settings."""
    env = {"PATH": str(path), "PIP_NO_INDEX": "1"} | ({"PIP_FIND_LINKS": str(index)} if index else {})
    out = subprocess.PIPE
    return subprocess.Popen([*COMMAND, *arguments], env=env, cwd=clone, stdout=out, stderr=out, text=True)


def set_up(clone: Path, path: Path, *arguments: str, index: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The same to its end."""
    process = begin(clone, path, *arguments, index=index)
    out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
