"""A run is good when nothing failed, nothing was skipped without a known reason, and enough was run."""

from pathlib import Path

import pytest

from tests.azure_sdk.expected import AT_LEAST_PASSED, SKIPPED
from tests.azure_sdk.report import Report


def report_of(tmp_path: Path, *cases: str, passed: int = AT_LEAST_PASSED) -> Report:
    every = [*cases, *(f'<testcase classname="c" name="test_{number}"/>' for number in range(passed))]
    file = tmp_path / "results.xml"
    file.write_text(f"<testsuites><testsuite>{''.join(every)}</testsuite></testsuites>")
    report = Report()
    report.add(file)
    return report


def test_a_good_run_may_skip_what_is_known(tmp_path: Path) -> None:
    known = next(iter(SKIPPED))
    report = report_of(tmp_path, f'<testcase classname="c" name="{known}[x]"><skipped message="m"/></testcase>')
    assert report.is_good
    assert report.counts == {"passed": AT_LEAST_PASSED, "skipped": 1}
    assert f"{AT_LEAST_PASSED} passed, 0 failed, 1 skipped" in report.lines()[0]


@pytest.mark.parametrize("outcome", ["failure", "error", "skipped"])
def test_one_failure_or_unknown_skip_is_too_many_and_is_named(tmp_path: Path, outcome: str) -> None:
    report = report_of(tmp_path, f'<testcase classname="c" name="test_odd"><{outcome} message="why"/></testcase>')
    assert not report.is_good
    assert any("c.test_odd" in line for line in report.lines())


def test_too_few_are_no_proof(tmp_path: Path) -> None:
    assert not report_of(tmp_path, passed=AT_LEAST_PASSED - 1).is_good


def test_checks_that_were_told_one_by_one_count_alike() -> None:
    report = Report(2, "checks", {})
    report.count("fine", passed=True)
    assert not report.is_good
    report.count("fine, too", passed=True)
    assert report.is_good
    assert report.lines() == ["checks: 2 passed, 0 failed, 0 skipped (at least 2 have to pass)"]
    report.count("odd", passed=False)
    assert not report.is_good
    assert report.lines()[1] == "  failed: odd"
