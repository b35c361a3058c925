"""What became of the tests, out of pytest's JUnit files."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.azure_sdk.different import DIFFERENT, VARIES
from tests.azure_sdk.expected import AT_LEAST_PASSED, SKIPPED

_DIFFERENT = {test: reason for reason, tests in DIFFERENT.items() for test in tests}
_OUTCOMES = ("passed", "failed", "different", "skipped")


@dataclass
class Report:
    """Counts by distribution and outcome, and the names that need an explanation."""

    at_least: int = AT_LEAST_PASSED  # have to pass
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)  # of differences that are known
    failed: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)  # skipped for no reason that is known
    agreed: list[str] = field(default_factory=list)  # passed, though a difference is known

    def add(self, file: Path) -> None:
        """One distribution's results."""
        self.counts[file.stem] = Counter()
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - pytest wrote it
            kind, test = str(case.get("classname")).rpartition(".")[2], str(case.get("name")).partition("[")[0]
            known = f"{kind}.{test}" if f"{kind}.{test}" in _DIFFERENT else test
            name = f"{case.get('classname')}.{case.get('name')}"
            self.counts[file.stem][self._outcome(name, known, {child.tag: child for child in case})] += 1

    def _outcome(self, name: str, known: str, told: dict[str, ElementTree.Element]) -> str:
        if "failure" in told or "error" in told:
            return self._failure(name, known)
        if "skipped" in told:
            message = told["skipped"].get("message") or ""
            if not any(part in name or part in message for part in SKIPPED):
                self.unexplained.append(f"{name}: {message}")
            return "skipped"
        if known in _DIFFERENT and known not in VARIES:
            self.agreed.append(name)
        return "passed"

    def _failure(self, name: str, known: str) -> str:
        if known not in _DIFFERENT:
            self.failed.append(name)
            return "failed"
        self.reasons[_DIFFERENT[known]] += 1
        return "different"

    @property
    def total(self) -> Counter[str]:
        return sum(self.counts.values(), Counter[str]())

    @property
    def is_good(self) -> bool:
        """Nothing failed, was skipped or agreed against what is known, and enough was run at all."""
        return not (self.failed or self.unexplained or self.agreed) and self.total["passed"] >= self.at_least

    def lines(self) -> list[str]:
        """For people."""
        rows = (*self.counts.items(), ("Microsoft's live tests", self.total))
        return [
            *(f"{name}: {', '.join(f'{counts[each]} {each}' for each in _OUTCOMES)}" for name, counts in rows),
            f"at least {self.at_least} have to pass",
            *(f"  failed: {name}" for name in self.failed),
            *(f"  skipped without a known reason: {name}" for name in self.unexplained),
            *(f"  passed, though it is known to differ: {name}" for name in self.agreed),
            *(f"  {count} different: {reason}" for reason, count in sorted(self.reasons.items())),
            *(f"  expected to be skipped: {part}: {reason}" for part, reason in SKIPPED.items()),
        ]
