"""`infra/functions.json`: the functions that each app declares, so that what runs can be compared with what was meant.

`python -m infra.declared` writes it. An app is indexed in a process of its own, under the settings of the sample file.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "infra" / "functions.json"
APPS = ("control", "gateway", "scoring")
# Routes that anybody may ask: what answers when the app runs, and what when it has all that it needs, too.
HEALTH: Mapping[str, Mapping[str, str]] = {
    "gateway": {"health": "/health"},
    "scoring": {"health": "/v2/health/live", "ready": "/v2/health/ready"},
}
# The app's own folders win; what is behind them is for the indexing alone. An app's threads may never end.
_INDEX = """
import os, sys
app, *folders, behind = sys.argv[1:]
sys.path[:0] = [app, *folders]
sys.path.append(behind)
sys.argv[1:] = [app]
from infra.local.functions_host.declaring import main
code = main()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""


class NotDeclared(Exception):
    """An app that no host would run as it is meant; the message says what is wrong, and what mends it."""


def indexed(name: str, app: Path, folders: Sequence[Path] = (), *, alone: bool = False) -> dict[str, Any]:
    """The app's part of the file. `alone`: it sees nothing but `folders`. Raises `NotDeclared`."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    kept = {each: os.environ[each] for each in ("PATH", "HOME", "TMPDIR") if each in os.environ}
    # -S: without the environment's own site-packages.
    command = [sys.executable, *(["-S"] if alone else []), "-P", "-B", "-c", _INDEX, *map(str, (app, *folders, ROOT))]
    where, environment = (app if alone else ROOT), {**kept, **sample}
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotDeclared(f"{name}: {done.stderr.strip()[-3000:]}")
    return part(name, json.loads(done.stdout))


def part(name: str, functions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """With where it is asked how it is. Raises `NotDeclared`."""
    health = HEALTH.get(name, {})
    open_to_all = {each.get("route") for each in functions.values() if each.get("open") and "GET" in each["methods"]}
    for what, route in health.items():
        if route not in open_to_all:
            raise NotDeclared(f"{name}: no function answers GET {route} without a key, where its {what} is asked for")
    return {**health, "functions": dict(functions)}


def expected() -> dict[str, dict[str, Any]]:
    """What the file says of each app."""
    found: dict[str, dict[str, Any]] = json.loads(FILE.read_text())
    return found


def main() -> int:
    try:
        found = {name: indexed(name, ROOT / "function_app" / name) for name in APPS}
    except NotDeclared as error:
        sys.stderr.write(f"declared: {error}\n")
        return 1
    FILE.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
