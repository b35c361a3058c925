"""Azurite in `node_modules/`, exactly as `package-lock.json` pins it."""

from __future__ import annotations  # set-up runs on Python 3.9

import subprocess
import tempfile
import threading

from infra.set_up.files import NODE_STAMP, ROOT
from infra.set_up.steps import SetUpFailed, step, timed
from infra.set_up.tools import check_node

LAUNCHER = ROOT / "infra" / "local" / "azurite_launcher.cjs"
LISTENING, SERVICES = "successfully listening", ("blob", "queue", "table")
STARTS_WITHIN_S = 180.0
_NPM_FAILED = (
    "npm ci failed, see above: check the network and npm's settings (npm config list), and run make setup again"
)
_REPAIR = "Begin again with: rm -rf node_modules && make setup"


def install(env: dict[str, str]) -> None:
    """Install without running any package's own script, and see that Azurite starts."""
    node, npm = check_node()
    NODE_STAMP.lift()
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    step("Azurite (node_modules)", command, env, _NPM_FAILED)
    see_that_it_starts(node, env)
    NODE_STAMP.set()


def see_that_it_starts(node: str, env: dict[str, str]) -> None:
    """Start Azurite on free ports until all its services listen; raise `SetUpFailed` with its words if they do not."""
    ports = [part for name in SERVICES for part in (f"--{name}Port", "0")]
    with timed("does Azurite start"), tempfile.TemporaryDirectory() as data:
        command = [node, str(LAUNCHER), "--skipApiVersionCheck", "--disableTelemetry", "--location", data, *ports]
        said = _words_until_it_listens(command, data, env)
        if sum(LISTENING in line for line in said) < len(SERVICES):
            raise SetUpFailed(f"Azurite is installed but does not start: {_reason(said)}. {_REPAIR}")


def _words_until_it_listens(command: list[str], folder: str, env: dict[str, str]) -> list[str]:
    """Return its lines up to the one with which the last service listens, or all when it ends or takes too long."""
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    patience = threading.Timer(STARTS_WITHIN_S, process.kill)
    patience.start()
    said: list[str] = []
    try:
        for line in process.stdout or ():
            said.append(line)
            if sum(LISTENING in each for each in said) == len(SERVICES):
                break
    finally:
        patience.cancel()
        process.kill()
        process.communicate()
    return said


def _reason(said: list[str]) -> str:
    errors = [line.strip() for line in said if "Error: " in line]
    return errors[0] if errors else f"it does not listen within {STARTS_WITHIN_S:g} s"
