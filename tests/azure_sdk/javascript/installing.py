"""The client and its checkpoint store, as `package-lock.json` beside this file pins them, in a folder of their own."""

import shutil
from pathlib import Path

from infra.set_up.files import ROOT, Stamp
from infra.set_up.steps import step
from infra.set_up.tools import check_node, environment

HERE = Path(__file__).parent
FOLDER = ROOT / ".local" / "azure-sdk" / "javascript"
_PINS = ("package.json", "package-lock.json")
_OFFLINE = "npm ci failed, see above: check the network and npm's settings (npm config list)"


def install(folder: Path = FOLDER) -> Path:
    """Fetch what is not there yet and put the checks beside it; raise `SetUpFailed` when that fails."""
    _, npm = check_node()
    stamp = Stamp(folder / "complete", tuple(str(HERE / name) for name in _PINS), (folder / "node_modules",))
    if not stamp.holds():
        stamp.lift()
        folder.mkdir(parents=True, exist_ok=True)
        for name in _PINS:
            shutil.copy(HERE / name, folder)
        command = [
            npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--prefix",
            str(folder),
        ]
        step("Microsoft's JavaScript client", command, environment(), _OFFLINE)
        stamp.set()
    # Node looks for packages above the file that imports them.
    shutil.rmtree(folder / "checks", ignore_errors=True)
    shutil.copytree(HERE / "checks", folder / "checks")
    return folder
