"""Figures that tests measure: printed at the end of the run, whatever became of the test."""

from collections.abc import Callable
from typing import Any

import pytest

type Figure = Callable[[str], None]
_PROPERTY = "figure"


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Takes a line, which the end of the run says under the test's name."""
    return lambda line: record_property(_PROPERTY, line)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Of all tests that measured something. pytest shows what a test prints only when it failed."""
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.stats.get(outcome, ())]
    measured = {
        each.nodeid: lines
        for each in reports
        if getattr(each, "when", "") == "call"
        and (lines := [str(value) for name, value in each.user_properties if name == _PROPERTY])
    }
    if measured:
        terminalreporter.section("figures")
    for test, lines in measured.items():
        terminalreporter.write_line(test)
        for line in lines:
            terminalreporter.write_line(f"  {line}")
