"""Set-up without a network: what was completed is not done again, and what does not run is not called complete."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from infra.set_up.files import SLUICE_SCRIPT
from tests.local.set_up.clones import ROOT, set_up, tool


def complete(clone: Path, machine: Path) -> None:
    """Set it up, once."""
    (clone / "npm-may-go-on").touch()
    done = set_up(clone, machine)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_second_time_nothing_is_run(with_uv: Path, machine: Path, tmp_path: Path) -> None:
    """It needs no tool at all: none is on the path."""
    complete(with_uv, machine)
    done = set_up(with_uv, tmp_path / "nothing")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_lock_is_noticed(with_uv: Path, machine: Path, tmp_path: Path) -> None:
    complete(with_uv, machine)
    with (with_uv / "package-lock.json").open("a") as lock:
        lock.write("\n")
    assert "node is missing" in set_up(with_uv, tmp_path / "nothing").stderr


def test_what_was_done_is_done_again_when_asked_for(with_uv: Path, machine: Path) -> None:
    complete(with_uv, machine)
    assert set_up(with_uv, machine, "--again").returncode == 0
    assert (with_uv / "npm-ran").read_text().split() == ["once", "once"]


def test_an_azurite_that_does_not_start_is_no_set_up(with_uv: Path, machine: Path, tmp_path: Path) -> None:
    """Two npm at once leave such a folder behind: most packages are there, the ones that matter are not."""
    tool(machine, "npm", "/bin/mkdir node_modules")
    (machine / "node").unlink()
    (machine / "node").symlink_to(shutil.which("node") or "")
    done = set_up(with_uv, machine)
    assert done.returncode == 1
    missing = "Azurite is installed but does not start: Error: Cannot find module 'azurite/dist/src/azurite.js'."
    assert done.stderr == f"setup: {missing} Begin again with: rm -rf node_modules && make setup\n"
    assert not (with_uv / "node_modules/.setup-stamp").exists()
    assert (with_uv / ".venv/setup-stamp").exists()


def test_packages_that_do_not_run_are_no_set_up(with_uv: Path, machine: Path) -> None:
    complete(with_uv, machine)
    tool(with_uv / ".venv/bin", "python", 'case "$1" in -c) echo 3.13.0;; *) echo ImportError; exit 1;; esac')
    done = set_up(with_uv, machine, "--again")
    assert done.returncode == 1
    assert "ImportError" in done.stdout
    assert "rm -rf .venv && make setup" in done.stderr
    assert not (with_uv / ".venv/setup-stamp").exists()


def make(clone: Path, target: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"/usr/bin:/bin:{Path(sys.executable).parent}"}
    return subprocess.run(["make", target], cwd=clone, env=env, capture_output=True, text=True, check=False)


def test_status_and_down_install_nothing(clone: Path) -> None:
    before = sorted(clone.rglob("*"))
    for target in ("status", "down"):
        done = make(clone, target)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "nothing was ever set up in this folder, so nothing of it runs (make setup)" in done.stdout
    assert [path for path in sorted(clone.rglob("*")) if "__pycache__" not in path.parts] == before


def test_status_and_down_say_so_while_set_up_is_under_way(clone: Path) -> None:
    (clone / ".venv").mkdir()
    for target in ("status", "down"):
        done = make(clone, target)
        assert done.returncode != 0
        assert "set-up is under way or broke off. Let it end, or do it with: make setup" in done.stderr


def test_the_command_line_runs_from_any_folder(tmp_path: Path) -> None:
    program = tmp_path / "clone" / "function_app" / "operator" / "__main__.py"
    program.parent.mkdir(parents=True)
    program.write_text("import sys; print(sys.argv[1:])")
    bin_ = tmp_path / "clone" / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(sys.executable)
    tool(bin_, "sluice", SLUICE_SCRIPT.split("\n", 1)[1])
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "function_app" / "operator").mkdir(parents=True)
    done = subprocess.run(
        [str(bin_ / "sluice"), "verify", "two words"], cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['verify', 'two words']"


def test_no_file_names_a_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    of_set_up = [str(path.relative_to(ROOT)) for path in (ROOT / "infra/set_up").glob("*.py")]
    for name in ("requirements.txt", "requirements.in", "Makefile", "package.json", *of_set_up):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", (ROOT / name).read_text()), name


def test_every_python_package_is_installed_by_hash() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) > 100
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)


def test_make_names_every_target() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    for target in ["setup", "demo", "test", "test-faults", "bench", "up", "down", "status", "check", "lock", "package"]:
        assert f"make {target} " in done.stdout
