"""Each import-linter contract bites: one import against it, in a copy of the tree, and it alone says so by its name."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

_PACKAGES = ("function_app", "services", "shared", "infra")
# Contract -> where the import goes, and what is imported.
_OFFENCES = {
    "Dependencies point inwards: doors > services > shared": ("shared/reactor/effects.py", "services.drift.policy"),
    "Services do not know each other": ("services/drift/reactions.py", "services.staging.verdict"),
    "Services and the core know no vendor, no adapter, no transport": ("services/staging/reactions.py", "requests"),
    "Inside shared: adapters | settings | telemetry > serving > reactor > ports > profiles : policies : packages : approvals > events : tasks": (  # noqa: E501
        "shared/ports/clock.py",
        "shared.reactor",
    ),
    "Inside scoring: instance > answering > files | capture > model > protocol": (
        "services/scoring/model/table.py",
        "services.scoring.answering.scorer",
    ),
    "Scoring and its doors have no circles": (
        "function_app/scoring/serve/exchange.py",
        "function_app.scoring.serve.connection",
    ),
    "Only a composition root picks adapters": ("services/approval_pages/desk.py", "shared.adapters.memory"),
    "The product does not know its local runtime, nor the runtime the product": (
        "services/retraining/effects.py",
        "infra.local.topology",
    ),
    "The emulators speak wire protocols only": ("infra/local/people.py", "shared.events"),
    "What runs Sluice has no circles": ("infra/local/azure_ml/state.py", "infra.local.azure_ml.emulator"),
    "Policies are pure": ("services/approvals/policy/settling.py", "random"),
}
_BROKEN = re.compile(r"^(.+?) BROKEN", re.MULTILINE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the contracts are about, with the contracts."""
    root = tmp_path_factory.mktemp("tree")
    for package in _PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / package, root / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


def broken_in(root: Path) -> list[str]:
    """Names of the contracts that import-linter finds broken; fails when it could not judge at all."""
    linter = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    run = subprocess.run(
        [sys.executable, "-c", linter, "--no-logo"], cwd=root, capture_output=True, text=True, check=False,
        env={"COLUMNS": "300", "PYTHONPATH": str(root), "PATH": ""},
    )  # fmt: skip
    assert "Contracts:" in run.stdout, run.stdout + run.stderr
    return [name.strip() for name in _BROKEN.findall(run.stdout) if not name.strip().startswith("Contracts:")]


def test_every_contract_has_an_offence() -> None:
    assert sorted(contracts()) == sorted(_OFFENCES)


def test_the_tree_keeps_every_contract(copy: Path) -> None:
    assert broken_in(copy) == []


@pytest.mark.parametrize("contract", _OFFENCES)
def test_one_import_against_a_contract_breaks_it(contract: str, copy: Path) -> None:
    place, imported = _OFFENCES[contract]
    path = copy / place
    proper = path.read_text()
    path.write_text(f"{proper}\nimport {imported}\n")
    try:
        assert contract in broken_in(copy)
    finally:
        path.write_text(proper)
