"""Where things are, and stamps: what was completed, and for which inputs."""

from __future__ import annotations  # set-up runs on Python 3.9

import hashlib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV_FOLDER, VENV, NODE_MODULES = ROOT / ".uv", ROOT / ".venv", ROOT / "node_modules"
UV, PYTHON, SLUICE = UV_FOLDER / "bin" / "uv", VENV / "bin" / "python", VENV / "bin" / "sluice"
AZURITE = NODE_MODULES / "azurite" / "dist" / "src" / "azurite.js"
UV_VERSION = "0.13.9"

SLUICE_SCRIPT = """#!/bin/sh
# Written by `make setup`: the operator's command line, from any folder.
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$root/.venv/bin/python" -P -m function_app.operator "$@"
"""


@dataclass(frozen=True)
class Stamp:
    """A file that names the inputs from which a part was completed; `needs` are files that must be there as well."""

    path: Path
    inputs: tuple[str, ...]
    needs: tuple[Path, ...]

    def holds(self) -> bool:
        """Tell whether this part was completed for exactly these inputs."""
        completed = self.path.is_file() and self.path.read_text() == self._digest()
        return completed and all(path.exists() for path in self.needs)

    def lift(self) -> None:
        """Say that the part is incomplete, before anything in it is changed."""
        self.path.unlink(missing_ok=True)

    def set(self) -> None:
        """Say that the part is complete; only after it was seen to run."""
        self.path.write_text(self._digest())

    def _digest(self) -> str:
        sha = hashlib.sha256(UV_VERSION.encode() + SLUICE_SCRIPT.encode())
        for name in self.inputs:
            sha.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
        return sha.hexdigest()


PYTHON_STAMP = Stamp(VENV / "setup-stamp", ("requirements.txt", ".python-version"), (PYTHON, SLUICE, UV))
NODE_STAMP = Stamp(NODE_MODULES / ".setup-stamp", ("package.json", "package-lock.json"), (AZURITE,))
