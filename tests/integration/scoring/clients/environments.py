"""One environment per client, beside the product's own, with whose packages theirs do not agree: made once, by uv."""

import subprocess
import sys
from pathlib import Path

from infra.set_up.files import ROOT, UV
from infra.set_up.tools import environment, follow_pip

_HERE = Path(__file__).parent


def python_of(client: str) -> Path:
    """The interpreter of this client's environment; packages and versions are in `<client>.txt`."""
    wanted = (_HERE / f"{client}.txt").read_text()
    folder = ROOT / ".local/clients" / client
    stamp, python = folder / "complete", folder / "bin/python"
    if not stamp.exists() or stamp.read_text() != wanted:
        env = follow_pip(environment())
        install = ["pip", "install", "--quiet", "--no-deps", "--python", str(python)]
        for command in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [*install, "-r", str(_HERE / f"{client}.txt")],
        ):
            subprocess.run([str(UV), *command], env=env, check=True, cwd=ROOT)
        stamp.write_text(wanted)
    return python
