"""What the real host and other clients were observed to do, row by row, and which tests hold it.

A test names its rows: `@pytest.mark.observed("http: a literal route does not win", ...)`. They are listed in `ROWS` of
`tests.local.observed`. At the end of a run with such tests a line says how many rows are right.
"""

from collections import defaultdict
from collections.abc import Mapping

import pytest

from tests.local.observed import SUBJECTS, rows_of

_PROPERTY = "observed"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "observed(*rows): holds these rows of what was observed of the real thing")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before tests are chosen by their marks: all of these belong to the tests of faults, whose figures they are."""
    for item in items:
        rows = [row for mark in item.iter_markers("observed") for row in mark.args]
        if unknown := set(rows) - {row for subject in SUBJECTS for row in rows_of(subject)}:
            raise pytest.UsageError(f"{item.nodeid}: no such row: {', '.join(sorted(unknown))}")
        item.user_properties += [(_PROPERTY, row) for row in rows]
        if rows:
            item.add_marker("faults")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Counted from the reports, so that it holds for tests on several workers as well."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    for outcome, reports in terminalreporter.stats.items():
        # Of setting up and taking down nothing is kept unless it failed; what was not chosen is no report.
        for report in (each for each in reports if outcome and isinstance(each, pytest.TestReport)):
            for name, row in report.user_properties:
                if name == _PROPERTY:
                    outcomes[str(row)].add(outcome)
    for subject in SUBJECTS:
        if outcomes.keys() & rows_of(subject).keys():
            terminalreporter.write_line(figure(subject, outcomes))


def figure(subject: str, outcomes: Mapping[str, set[str]]) -> str:
    """A row is right when all its tests passed; one that was not run is not."""
    rows = rows_of(subject)
    right = [row for row in rows if outcomes.get(row) == {"passed"}]
    stricter = sum(row in right for row, differs in rows.items() if differs)
    other = f", {stricter} of them otherwise on purpose" if stricter else ""
    wrong = [row for row in rows if outcomes.get(row, set()) - {"passed"}]
    return f"{subject}: {len(right)} of {len(rows)}{other}" + (f"; wrong: {', '.join(wrong)}" if wrong else "")
