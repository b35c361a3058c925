"""What a team's own tests in a package find, and what they may use: `package`, a folder, and `predict`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

type Predict = Callable[[Mapping[str, Sequence[Any]]], Mapping[str, NDArray[Any]]]
_LONGEST = 500


class Recorder:
    """A plugin of pytest. `found` has the outcome of each test, and the last line of what went wrong."""

    def __init__(self, package: Path) -> None:
        self._package = package
        self.found: dict[str, tuple[str, str]] = {}

    @pytest.fixture(scope="session")
    def package(self) -> Path:
        """The folder of the package's files."""
        return self._package

    @pytest.fixture(scope="session")
    def predict(self) -> Predict:
        """From columns by name, as files have them, to what the model answers, by the names of its outputs."""
        return _predict(self._package)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Setting up and tearing down count as the test."""
        name = report.nodeid.removeprefix("tests/")
        if report.outcome == "failed":
            self.found[name] = ("failed", _said(report))
        elif report.outcome == "skipped":
            self.found.setdefault(name, ("skipped", _said(report)))
        elif report.when == "call":
            self.found.setdefault(name, ("passed", ""))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is a test that failed."""
        if report.failed:
            self.found[report.nodeid.removeprefix("tests/") or "tests"] = ("failed", _said(report))


def _said(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])[:_LONGEST]
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.strip()]
    if crash is not None:
        return " ".join(lines)[:_LONGEST]
    return (lines[-1] if lines else "it said nothing")[:_LONGEST]


def _predict(package: Path) -> Predict:
    from function_app.jobs.model_process import loaded
    from function_app.jobs.tables import feeds

    signature, session = loaded(package)

    def predict(columns: Mapping[str, Sequence[Any]]) -> Mapping[str, NDArray[Any]]:
        found = session.run(feeds(signature, {name: list(cells) for name, cells in columns.items()}))
        return {each.name: np.asarray(cells) for each, cells in zip(session.outputs, found, strict=True)}

    return predict
