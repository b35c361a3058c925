"""What is relied on about Azure is written down: every test that no Azure has confirmed has a row that says so."""

import re

import pytest

from tests.architecture.tree import ROOT

PAGE = (ROOT / "docs" / "truth.md").read_text()
# In two parts, so that this file does not hold it.
MARK = "pytest.mark." + "azure_untested"
CONFIRMED = ("recording", "SDK test", "client", "real host", "compiler", "document", "nobody")
_TEST = re.compile(r"`(tests/[\w/]+\.py)`")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of all tables that begin with this heading; headings and rules left out."""
    found, of = [], ""
    for line in (line for line in page.splitlines() if line.startswith("| ")):
        cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        if cells[0] in ("statement", "what"):
            of = cells[0]
        elif of == heading and cells[0] != "---":
            found.append(cells)
    return found


def unconfirmed(page: str) -> set[str]:
    """Tests marked `azure_untested` that no row names."""
    files = [file for file in ROOT.glob("tests/**/test_*.py") if MARK in file.read_text()]
    return {str(file.relative_to(ROOT)) for file in files} - set(_TEST.findall(page))


def test_every_test_that_azure_has_not_confirmed_has_a_row() -> None:
    assert unconfirmed(PAGE) == set()
    assert unconfirmed(PAGE.replace("`tests/contract/test_brakes.py`", "")) == {"tests/contract/test_brakes.py"}


@pytest.mark.parametrize("row", rows(PAGE, "statement"), ids=lambda row: row[0][:40])
def test_a_row_says_where_by_whom_and_names_what_exists(row: list[str]) -> None:
    assert len(row) == 5
    _, relied, source, confirmed, held = row
    assert relied
    assert source
    assert confirmed.startswith(CONFIRMED)
    assert all((ROOT / path).exists() for path in _TEST.findall(held))


@pytest.mark.parametrize("row", rows(PAGE, "what"), ids=lambda row: row[0][:40])
def test_what_stands_in_for_azure_says_who_has_confirmed_it_or_that_nobody_has(row: list[str]) -> None:
    assert len(row) == 5
    assert any(row[1:])
