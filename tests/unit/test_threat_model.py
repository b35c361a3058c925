"""The threat model promises a test for each threat: the names in it are of tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROMISED = sorted(set(re.findall(r"`(test_\w+)`", (ROOT / "docs/threat-model.md").read_text())))


@pytest.fixture(scope="module")
def names() -> set[str]:
    found = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in found for name in re.findall(r"def (test_\w+)\(", text)}


def test_it_promises_something() -> None:
    assert len(PROMISED) > 20


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_test_exists(name: str, names: set[str]) -> None:
    assert name in names
