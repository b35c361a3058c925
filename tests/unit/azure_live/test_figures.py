"""The table counts by suite, names what did not pass, and is good only when something passed and nothing failed."""

from pathlib import Path

import pytest

from tests.azure_live.figures import figures

PASSED = '<testcase classname="tests.contract.test_tables" name="one"/>'
FAILED = '<testcase classname="tests.contract.test_tables" name="two"><failure message="why&#10;and where"/></testcase>'
SKIPPED = '<testcase classname="tests.contract.test_jobs" name="three"><skipped message="no compute"/></testcase>'


def told(tmp_path: Path, *cases: str) -> tuple[list[str], bool]:
    results = tmp_path / "results.xml"
    results.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return figures(results)


def test_suites_are_counted_and_reasons_named(tmp_path: Path) -> None:
    lines, _ = told(tmp_path, PASSED, FAILED, SKIPPED)
    assert [line.split() for line in lines[1:4]] == [
        ["test_jobs", "0", "0", "1"],
        ["test_tables", "1", "1", "0"],
        ["all", "1", "1", "1"],
    ]
    assert lines[4:] == ["  failed: test_tables.two: why", "  skipped: test_jobs.three: no compute"]


@pytest.mark.parametrize(
    ("cases", "is_good"), [((PASSED, SKIPPED), True), ((PASSED, FAILED), False), ((SKIPPED,), False), ((), False)]
)
def test_a_run_is_good_when_something_passed_and_nothing_failed(
    tmp_path: Path, cases: tuple[str, ...], is_good: bool
) -> None:
    assert told(tmp_path, *cases)[1] is is_good
