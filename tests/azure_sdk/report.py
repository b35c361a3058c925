"""What became of the tests: out of pytest's JUnit files, or told one by one."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.azure_sdk.expected import AT_LEAST_PASSED, SKIPPED


@dataclass
class Report:
    """Counts by outcome, and the names that need an explanation."""

    at_least: int = AT_LEAST_PASSED  # have to pass
    title: str = "Microsoft's live tests"
    explained: Mapping[str, str] = field(default_factory=lambda: SKIPPED)
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)  # skipped for no reason that is known

    def add(self, file: Path) -> None:
        """One run's results."""
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - pytest wrote it
            self._add(f"{case.get('classname')}.{case.get('name')}", {child.tag: child for child in case})

    def _add(self, name: str, told: dict[str, ElementTree.Element]) -> None:
        if "skipped" not in told:
            self.count(name, passed=not {"failure", "error"} & told.keys())
            return
        self.counts["skipped"] += 1
        if not any(part in name for part in self.explained):
            self.unexplained.append(f"{name}: {told['skipped'].get('message')}")

    def count(self, name: str, *, passed: bool) -> None:
        """One test that was run."""
        self.counts["passed" if passed else "failed"] += 1
        if not passed:
            self.failed.append(name)

    @property
    def is_good(self) -> bool:
        """Nothing failed, nothing was skipped unexplained, and enough was run at all."""
        return not self.failed and not self.unexplained and self.counts["passed"] >= self.at_least

    def lines(self) -> list[str]:
        """For people."""
        counts = ", ".join(f"{self.counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
        reasons = [f"  expected to be skipped: {part}: {reason}" for part, reason in self.explained.items()]
        return [
            f"{self.title}: {counts} (at least {self.at_least} have to pass)",
            *(f"  failed: {name}" for name in self.failed),
            *(f"  skipped without a known reason: {name}" for name in self.unexplained),
            *reasons,
        ]
