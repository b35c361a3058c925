"""Nothing of one machine, and no registry's address, is in the project."""

import re
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.tree import ROOT, project_files, python_files

# Spelt in parts, so that this file does not mention what it looks for.
_REGISTRIES = tuple("".join(parts) for parts in (
    ("registry.", "npmjs"), ("registry.", "yarnpkg"), ("files.", "pythonhosted"), ("pypi.", "org/simple"),
    ("--index", "-url"), ("--extra-index", "-url"),
))  # fmt: skip
_MACHINE = tuple(f"{place}/" for place in (ROOT, Path.home()) if place != Path("/"))
_RESOLVED = '"resolved"' + ":"


def test_no_file_names_a_registry() -> None:
    assert rules.mentions(project_files(), _REGISTRIES) == []


def test_no_lock_file_names_a_place_to_fetch_from() -> None:
    locks = [path for path in project_files() if path.name == "package-lock.json"]
    assert ROOT / "package-lock.json" in locks
    assert rules.mentions(locks, [_RESOLVED]) == []


def test_no_file_names_a_path_of_this_machine() -> None:
    assert rules.mentions(project_files(), _MACHINE) == []


@pytest.mark.parametrize("needle", [*_REGISTRIES, *_MACHINE, _RESOLVED])
def test_such_a_mention_is_noticed(needle: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text(f"fine\nsee {needle}x\n")
    assert rules.mentions([bad], [needle]) == [f"{bad}:2: {needle}"]


def test_the_files_looked_at_are_the_project() -> None:
    names = {str(path.relative_to(ROOT)) for path in project_files()}
    assert {"pyproject.toml", "package-lock.json", "shared/reactor/reactor.py"} <= names
    assert not [name for name in names if re.match(r"(\.venv|node_modules|\.local)/", name)]


def test_whoever_catches_everything_or_sleeps_says_why() -> None:
    rooms = ("shared", "services", "function_app")
    assert rules.unreasoned(path for room in rooms for path in python_files(room)) == []


@pytest.mark.parametrize("line", ["except Exception:", "except BaseException as error:", "time.sleep(1)"])
def test_one_that_does_not_is_noticed(line: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(f"{line}\n{line}  # because\n")
    assert rules.unreasoned([bad]) == [f"{bad}:1"]
