"""What is relied on about Azure is written down: every test that no Azure has confirmed has a row that says so."""

import re

import pytest

from tests.architecture.tree import ROOT

PAGE = (ROOT / "docs" / "truth.md").read_text()
# In two parts, so that this file does not hold it.
MARK = "pytest.mark." + "azure_untested"
CONFIRMED = ("recording", "SDK test", "client", "real host", "compiler", "document", "nobody")
_TEST = re.compile(r"`(tests/[\w/]+\.py)`")


def rows(page: str) -> list[list[str]]:
    """The cells of each statement; headings and rules left out."""
    lines = [line.strip("|").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip(" |") for cell in cells] for cells in lines if cells[0].strip() not in ("statement", "---")]


def unconfirmed(page: str) -> set[str]:
    """Tests marked `azure_untested` that no row names."""
    files = [file for file in ROOT.glob("tests/**/test_*.py") if MARK in file.read_text()]
    return {str(file.relative_to(ROOT)) for file in files} - set(_TEST.findall(page))


def test_every_test_that_azure_has_not_confirmed_has_a_row() -> None:
    assert unconfirmed(PAGE) == set()
    assert unconfirmed(PAGE.replace("`tests/contract/test_brakes.py`", "")) == {"tests/contract/test_brakes.py"}


@pytest.mark.parametrize("row", rows(PAGE), ids=lambda row: row[0][:40])
def test_a_row_says_where_by_whom_and_names_what_exists(row: list[str]) -> None:
    assert len(row) == 5
    _, relied, source, confirmed, held = row
    assert relied
    assert source
    assert confirmed.startswith(CONFIRMED)
    assert all((ROOT / path).exists() for path in _TEST.findall(held))
