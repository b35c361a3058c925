"""Every row of what was observed has a test, and what is otherwise on purpose stands in the record."""

import ast
from pathlib import Path

from tests.local.observed import HOST, SUBJECTS, rows_of
from tests.support.observations import figure

_HERE = Path(__file__).parent
_RECORD = _HERE.parents[1] / "docs/decisions/0004-own-functions-host.md"


def marked(path: Path) -> set[str]:
    """The rows that tests of this file say they hold."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "observed"]
    return {str(each.value) for mark in marks for each in mark.args if isinstance(each, ast.Constant)}


def test_every_row_has_a_test() -> None:
    held = {row for path in _HERE.rglob("test_*.py") for row in marked(path)}
    assert held == {row for subject in SUBJECTS for row in rows_of(subject)}


def test_what_is_otherwise_on_purpose_stands_in_the_record_s_table() -> None:
    table = "\n".join(line.partition(" | ")[0] for line in _RECORD.read_text().splitlines() if line.startswith("| "))
    assert [words for words in rows_of(HOST).values() if words not in table] == []


def test_a_row_is_right_when_all_its_tests_passed() -> None:
    first, second, *rest = rows_of(HOST)
    passed: dict[str, set[str]] = {row: {"passed"} for row in rest}
    assert figure(HOST, {**passed, first: {"passed"}, second: {"passed"}}).startswith(f"{HOST}: {len(rest) + 2} of")
    wrong = {**passed, first: {"passed", "failed"}, second: set[str]()}
    assert figure(HOST, wrong).startswith(f"{HOST}: {len(rest)} of {len(rest) + 2}")
    assert figure(HOST, wrong).endswith(f"; wrong: {first}")
