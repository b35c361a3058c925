"""Set-up without a network: a second time does nothing, and whatever is missing is named with its remedy."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
INPUTS = ("requirements.txt", ".python-version", "package.json", "package-lock.json", "infra/setup_environment.py")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What set-up reads of a fresh clone."""
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def set_up(clone: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run it with nothing but the tools in `path`, without home and without network settings."""
    command = [sys.executable, "-I", "-S", str(clone / "infra" / "setup_environment.py")]
    env = {"PATH": str(path), "PIP_NO_INDEX": "1"}
    return subprocess.run(command, env=env, cwd=clone, capture_output=True, text=True, check=False)


def tool(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def test_without_node_it_says_how_to_install_it(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tmp_path / "nothing")
    assert done.returncode == 1
    assert re.search(r"node is missing.*apt install nodejs", done.stderr)


def test_an_old_node_is_refused_with_both_versions(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tool(tmp_path / "tools", "node", "echo v16.20.1"))
    assert done.returncode == 1
    assert "Node v16.20.1 is too old. Install Node 20 or newer" in done.stderr


def test_without_npm_it_says_how_to_install_it(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tool(tmp_path / "tools", "node", "echo v22.1.0"))
    assert "npm is missing" in done.stderr


def test_without_a_package_index_it_says_what_to_check(clone: Path, tmp_path: Path) -> None:
    tools = tool(tmp_path / "tools", "node", "echo v22.1.0")
    tool(tools, "npm", "exit 0")
    done = set_up(clone, tools)
    assert done.returncode == 1
    assert "the Python package index cannot be reached" in done.stderr


def test_the_second_time_nothing_is_run(clone: Path, tmp_path: Path) -> None:
    """With its stamps in place it needs no tool at all: none is on the path."""
    for name in (".uv/bin/uv", ".venv/bin/python", ".venv/bin/sluice", "node_modules/azurite"):
        tool((clone / name).parent.parent, "placeholder", "exit 1")
        tool((clone / name).parent, (clone / name).name, "exit 1")
    stamps = "import infra.setup_environment as s; s.STAMP.write_text(s.digest('requirements.txt', '.python-version'));"
    stamps += "s.NODE_STAMP.write_text(s.digest('package.json', 'package-lock.json'))"
    subprocess.run([sys.executable, "-c", stamps], cwd=clone, check=True)
    done = set_up(clone, tmp_path / "nothing")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_lock_is_noticed(clone: Path, tmp_path: Path) -> None:
    test_the_second_time_nothing_is_run(clone, tmp_path)
    with (clone / "package-lock.json").open("a") as lock:
        lock.write("\n")
    assert set_up(clone, tmp_path / "nothing").returncode == 1


def test_the_command_line_runs_from_any_folder(tmp_path: Path) -> None:
    from infra.setup_environment import SLUICE_SCRIPT

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
    for name in ("requirements.txt", "requirements.in", "Makefile", "infra/setup_environment.py", "package.json"):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", (ROOT / name).read_text()), name


def test_every_python_package_is_installed_by_hash() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) > 100
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)


def test_make_names_every_target() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    for target in ["setup", "demo", "test", "test-faults", "bench", "up", "down", "status", "check", "lock", "package"]:
        assert f"make {target} " in done.stdout
