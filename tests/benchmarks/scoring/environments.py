"""One environment per peer, made at first use and kept under `.local/bench`."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
WORK = REPOSITORY / ".local/bench"


def environment(name: str) -> Path | None:
    """The environment's `bin` folder, or None when it cannot be made here (its figures then count as not met)."""
    folder = WORK / "venvs" / name
    stamp = folder / "complete"
    if not stamp.exists():
        print(f"making the environment of peer {name} (once)", flush=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True)
            requirements = str(HERE / "requirements" / f"{name}.txt")
            subprocess.run([str(folder / "bin/pip"), "install", "-q", "-r", requirements], check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"peer environment {name} cannot be made: {error}", flush=True)
            return None
        stamp.touch()
    return folder / "bin"


def models() -> Path:
    """The peers' models and payloads, made once by their own script."""
    folder = WORK / "models"
    if not (folder / "payloads").exists():
        subprocess.run([sys.executable, str(HERE / "peers/make_models.py"), str(folder)], check=True)
    return folder
