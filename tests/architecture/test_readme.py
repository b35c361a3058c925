"""The README's reaction works as it stands there: its files in a copy of the tree pass what `make check` asks."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, project_files

# A path that begins a paragraph, and the block of Python behind that paragraph.
_FILE = re.compile(r"^`([\w/]+\.py)`[^\n]*\n(?:[^\n]+\n)*\n```python\n(.*?)```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## Adding a reaction\n(.*?)^## ", re.MULTILINE | re.DOTALL)
_LINTER = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def shown() -> dict[str, str]:
    section = _SECTION.search((ROOT / "README.md").read_text())
    return dict(_FILE.findall(section[1])) if section else {}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is, with the files that the README shows."""
    root = tmp_path_factory.mktemp("reaction")
    for path in project_files():
        target = root / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for name, text in shown().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "tests/unit/services/setbacks/__init__.py").touch()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    run(root, "-m", "tests.architecture.declarations")
    return root


def run(root: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_shows_a_whole_reaction() -> None:
    assert list(shown()) == [
        "services/setbacks/__init__.py",
        "services/setbacks/policy.py",
        "services/setbacks/reactions.py",
        "tests/unit/services/setbacks/test_policy.py",
    ]


def test_its_test_and_those_of_the_architecture_pass(tree: Path) -> None:
    run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/services/setbacks")
    run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/architecture/test_services.py")


def test_it_is_formatted_and_linted_and_keeps_the_contracts(tree: Path) -> None:
    files = list(shown())
    run(tree, "-m", "ruff", "check", *files)
    run(tree, "-m", "ruff", "format", "--check", *files)
    run(tree, "-c", _LINTER)


@pytest.mark.timeout(600)
def test_its_types_hold_and_a_policy_on_a_wrong_event_does_not_pass(tree: Path) -> None:
    checked = ["-m", "mypy", "services/setbacks", "tests/unit/services/setbacks"]
    run(tree, *checked)
    reactions = tree / "services/setbacks/reactions.py"
    right = reactions.read_text()
    reactions.write_text(
        right.replace(
            "PromotionCompleted, decide=policy.decide_completed", "PromotionCompleted, decide=policy.decide_aborted"
        )
    )
    with pytest.raises(AssertionError, match='Argument "decide" to "reacts_to"'):
        run(tree, *checked)
    reactions.write_text(right)
