"""Build `dist/<app>/` for every app: its own files, `services`, `shared`, and its requirements with hashes.

An app's `requirements.txt` names what it uses directly; the packages those need, and every version and hash, come from
the lock in the repository's root. Each result is imported alone, in a process that sees only it and these packages. A
function app is also indexed so, checked as its host would, and told what it declares: `dist/<app>/functions.json`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra import declared, lockfile

ROOT = Path(__file__).resolve().parents[1]
APPS = ("control", "gateway", "scoring", "jobs", "operator")
# What scoring answers must not wait for, nor its instances carry.
FORBIDDEN = {"scoring": frozenset({"azure-ai-ml", "scikit-learn", "pandas"})}
ALSO = {"control": ("policy.yaml",), "operator": ("infra/streams.json", "infra/functions.json")}
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "local.settings.json")

IMPORT_ALL = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path[:0] = [str(root), sys.argv[2]]
own = [*root.glob("function_app.py"), *root.glob("function_app/**/*.py")]
names = [".".join(file.relative_to(root).with_suffix("").parts) for file in own
         if file.name not in ("__main__.py", "__init__.py")]
for name in sorted(names):
    module = importlib.import_module(name)
    if root not in pathlib.Path(module.__file__).parents:
        raise SystemExit(f"{name} came from {module.__file__}, not from the package")
for name in ("services", "shared"):
    if root not in pathlib.Path(importlib.import_module(name).__file__).parents:
        raise SystemExit(f"{name} is not the packaged one")
print(len(names))
"""


class PackagingFailed(Exception):
    """An app cannot be built as it is; the message names it and says why."""


def build(app: str, into: Path, lock: lockfile.Lock) -> str:
    """Build one app and return a line with its sizes; raise `PackagingFailed`."""
    source, target = ROOT / "function_app" / app, into / app
    if not (source / "requirements.txt").exists():
        raise PackagingFailed(f"{app} has no function_app/{app}/requirements.txt with its direct dependencies")
    shutil.rmtree(target, ignore_errors=True)
    # A function app's files lie at the top, where the Functions host looks; other programs stay modules.
    own = target if (source / "function_app.py").exists() else target / "function_app" / app
    shutil.copytree(source, own, ignore=IGNORED)
    for package in ("services", "shared"):
        shutil.copytree(ROOT / package, target / package, ignore=IGNORED)
    for name in ALSO.get(app, ()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    closure = lockfile.closure(lockfile.direct(source / "requirements.txt"))
    carried = FORBIDDEN.get(app, frozenset()) & closure
    if carried:
        raise PackagingFailed(f"{app} must not carry {', '.join(sorted(carried))}")
    (target / "requirements.txt").write_text(lock.only(closure))
    modules = import_alone(app, target, closure)
    if app in declared.APPS:
        (target / "functions.json").write_text(json.dumps(declare(app, target, closure), indent=2) + "\n")
    files = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    packages = f"{len(closure):3} packages of {lockfile.installed_bytes(closure) / 1e6:6.1f} MB"
    return f"{app:9} {files / 1e6:6.2f} MB own, {packages}, {modules} modules import alone"


def import_alone(app: str, folder: Path, packages: Iterable[str]) -> int:
    """Import every module of the built app in a process of its own; return how many. Raise `PackagingFailed`.

    The settings are those of the sample file, since an app refuses to start without.
    """
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with tempfile.TemporaryDirectory() as site:
        lockfile.mirror(packages, Path(site))
        # -S: without the environment's own site-packages.
        command = [sys.executable, "-S", "-P", "-B", "-c", IMPORT_ALL, str(folder), site]
        done = subprocess.run(command, cwd=folder, env={**kept, **sample}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackagingFailed(f"{app} cannot be imported alone:\n{done.stderr.strip()[-3000:]}")
    return int(done.stdout.split()[-1])


def declare(app: str, folder: Path, packages: Iterable[str]) -> dict[str, Any]:
    """What the built app declares, as `infra/functions.json` says it should. Raises `PackagingFailed`."""
    with tempfile.TemporaryDirectory() as site:
        # The messages between host and worker are made with it; the worker that Azure runs brings its own.
        lockfile.mirror({*packages, "protobuf"}, Path(site))
        try:
            found = declared.indexed(app, folder, [Path(site)], alone=True)
        except declared.NotDeclared as error:
            raise PackagingFailed(str(error)) from error
    if found != declared.expected().get(app):
        raise PackagingFailed(f"{app} declares other functions than infra/functions.json says: run `make declare`")
    return found


def main() -> int:
    """Build the apps named, or all that exist."""
    parser = argparse.ArgumentParser(
        "python -m infra.package",
        description=__doc__,
        epilog="example: python -m infra.package scoring --into /tmp/dist",
    )
    parser.add_argument("apps", nargs="*", metavar="APP", help=f"some of {', '.join(APPS)} (default: all that exist)")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="folder of the results (default: dist)")
    chosen = parser.parse_args()
    exist = [app for app in APPS if any((ROOT / "function_app" / app).glob("*.py"))]
    unknown = set(chosen.apps) - set(exist)
    if unknown:
        parser.error(f"no app named {', '.join(sorted(unknown))}; there are {', '.join(exist) or 'none'}")
    lock = lockfile.Lock((ROOT / "requirements.txt").read_text())
    try:
        for app in chosen.apps or exist:
            sys.stdout.write(build(app, chosen.into.resolve(), lock) + "\n")
    except (PackagingFailed, lockfile.NotLocked) as failure:
        sys.stderr.write(f"package: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
