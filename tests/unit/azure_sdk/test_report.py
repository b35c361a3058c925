"""A run is good when nothing failed, was skipped or agreed against what is known, and enough was run."""

from pathlib import Path

import pytest

from tests.azure_sdk.different import DIFFERENT, VARIES
from tests.azure_sdk.expected import AT_LEAST_PASSED, SKIPPED
from tests.azure_sdk.report import Report

KNOWN = next(test for tests in DIFFERENT.values() for test in tests if "." not in test and test not in VARIES)
QUALIFIED = next(test for tests in DIFFERENT.values() for test in tests if "." in test)
TOLD = '<failure message="why"/>'


def case(name: str, told: str = "", kind: str = "Test") -> str:
    return f'<testcase classname="tests.{kind}" name="{name}">{told}</testcase>'


def report_of(tmp_path: Path, *cases: str, passed: int = AT_LEAST_PASSED) -> Report:
    every = [*cases, *(case(f"test_{number}") for number in range(passed))]
    file = tmp_path / "results.xml"
    file.write_text(f"<testsuites><testsuite>{''.join(every)}</testsuite></testsuites>")
    report = Report()
    report.add(file)
    return report


@pytest.mark.parametrize(
    ("name", "message"), [(f"{next(iter(SKIPPED))}[x]", "m"), ("test_odd", f"says: {list(SKIPPED)[-1]}")]
)
def test_a_good_run_may_skip_what_is_known_by_name_or_reason(tmp_path: Path, name: str, message: str) -> None:
    report = report_of(tmp_path, case(name, f'<skipped message="{message}"/>'))
    assert report.is_good
    assert report.counts == {"passed": AT_LEAST_PASSED, "skipped": 1}
    assert f"  results: {AT_LEAST_PASSED} passed, 0 failed, 1 skipped" in report.lines()


@pytest.mark.parametrize("outcome", ["failure", "error", "skipped"])
def test_one_failure_or_unknown_skip_is_too_many_and_is_named(tmp_path: Path, outcome: str) -> None:
    report = report_of(tmp_path, case("test_odd", f'<{outcome} message="why"/>'))
    assert not report.is_good
    assert any("Test.test_odd" in line for line in report.lines())


def test_what_is_known_to_differ_is_counted_by_its_reason(tmp_path: Path) -> None:
    kind, _, test = QUALIFIED.partition(".")
    report = report_of(tmp_path, case(f"{KNOWN}[x]", TOLD), case(test, TOLD, kind))
    assert report.is_good
    assert report.counts["different"] == 2
    assert f"{AT_LEAST_PASSED} passed, 0 failed, 2 different, 0 skipped" in report.lines()[0]
    assert set(report.reasons) == {reason for reason, tests in DIFFERENT.items() if {KNOWN, QUALIFIED} & set(tests)}


def test_a_difference_of_one_class_is_a_failure_of_another(tmp_path: Path) -> None:
    assert not report_of(tmp_path, case(QUALIFIED.partition(".")[2], TOLD, "TestAnother")).is_good


def test_a_difference_that_is_gone_has_to_leave_the_list(tmp_path: Path) -> None:
    report = report_of(tmp_path, case(KNOWN))
    assert not report.is_good
    assert any(KNOWN in line for line in report.lines())
    assert report_of(tmp_path, *map(case, VARIES)).is_good


def test_too_few_are_no_proof(tmp_path: Path) -> None:
    assert not report_of(tmp_path, passed=AT_LEAST_PASSED - 1).is_good


def test_a_test_differs_for_one_reason() -> None:
    listed = [test for tests in DIFFERENT.values() for test in tests]
    assert len(set(listed)) == len(listed)
    assert set(listed) >= VARIES


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
