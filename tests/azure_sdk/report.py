"""What became of the tests: out of pytest's JUnit files, or told one by one."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.azure_sdk.different import DIFFERENT, VARIES
from tests.azure_sdk.expected import AT_LEAST_PASSED, SKIPPED

_DIFFERENT = {test: reason for reason, tests in DIFFERENT.items() for test in tests}


@dataclass
class Report:
    """Counts by outcome, and the names that need an explanation."""

    at_least: int = AT_LEAST_PASSED  # have to pass
    title: str = "Microsoft's live tests"
    explained: Mapping[str, str] = field(default_factory=lambda: SKIPPED)
    counts: Counter[str] = field(default_factory=Counter)
    parts: dict[str, Counter[str]] = field(default_factory=dict)  # counts by distribution
    reasons: Counter[str] = field(default_factory=Counter)  # of differences that are known
    failed: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)  # skipped for no reason that is known
    agreed: list[str] = field(default_factory=list)  # passed, though a difference is known

    def add(self, file: Path) -> None:
        """One distribution's results."""
        before = self.counts.copy()
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 - pytest wrote it
            self._add(f"{case.get('classname')}.{case.get('name')}", _known(case), {each.tag: each for each in case})
        self.parts[file.stem] = self.counts - before

    def _add(self, name: str, known: str, told: dict[str, ElementTree.Element]) -> None:
        if "skipped" in told:
            self._skip(name, told["skipped"].get("message") or "")
        elif known not in _DIFFERENT:
            self.count(name, passed=not {"failure", "error"} & told.keys())
        elif {"failure", "error"} & told.keys():
            self.counts["different"] += 1
            self.reasons[_DIFFERENT[known]] += 1
        else:
            self.counts["passed"] += 1
            self.agreed += [name] if known not in VARIES else []

    def _skip(self, name: str, message: str) -> None:
        self.counts["skipped"] += 1
        if not any(part in name or part in message for part in self.explained):
            self.unexplained.append(f"{name}: {message}")

    def count(self, name: str, *, passed: bool) -> None:
        """One test that was run."""
        self.counts["passed" if passed else "failed"] += 1
        if not passed:
            self.failed.append(name)

    @property
    def is_good(self) -> bool:
        """Nothing failed, was skipped or agreed against what is known, and enough was run at all."""
        return not (self.failed or self.unexplained or self.agreed) and self.counts["passed"] >= self.at_least

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{self.title}: {_told(self.counts)} (at least {self.at_least} have to pass)",
            *(f"  {part}: {_told(counts)}" for part, counts in self.parts.items()),
            *(f"  failed: {name}" for name in self.failed),
            *(f"  skipped without a known reason: {name}" for name in self.unexplained),
            *(f"  passed, though it is known to differ: {name}" for name in self.agreed),
            *(f"  different ({count}): {reason}" for reason, count in sorted(self.reasons.items())),
            *(f"  expected to be skipped: {part}: {reason}" for part, reason in self.explained.items()),
        ]


def _known(case: ElementTree.Element) -> str:
    """A test as the list of differences names it: by its class where another class's test of that name is none."""
    kind, test = str(case.get("classname")).rpartition(".")[2], str(case.get("name")).partition("[")[0]
    return f"{kind}.{test}" if f"{kind}.{test}" in _DIFFERENT else test


def _told(counts: Counter[str]) -> str:
    outcomes = ("passed", "failed", *(["different"] if counts["different"] else []), "skipped")
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in outcomes)
