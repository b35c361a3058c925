"""What became of the suites, as a table, out of pytest's JUnit file."""

import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

_OUTCOMES = ("passed", "failed", "skipped")


def _outcome(case: ElementTree.Element) -> str:
    told = {child.tag for child in case}
    if told & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in told else "passed"


def _rows(counts: dict[str, Counter[str]]) -> Iterable[str]:
    width = max(map(len, ("all", *counts)))
    yield f"{'suite':{width}}  " + "  ".join(f"{each:>7}" for each in _OUTCOMES)
    total = sum(counts.values(), Counter[str]())
    for suite, found in (*sorted(counts.items()), ("all", total)):
        yield f"{suite:{width}}  " + "  ".join(f"{found[each]:>7}" for each in _OUTCOMES)


def figures(results: Path) -> tuple[list[str], bool]:
    """The lines, and whether something passed and nothing failed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    told: list[str] = []
    for case in ElementTree.parse(results).iter("testcase"):  # noqa: S314 - pytest wrote it
        outcome, suite = _outcome(case), str(case.get("classname")).rpartition(".")[2]
        counts[suite][outcome] += 1
        if outcome != "passed":
            reason = (case[0].get("message") or "").partition("\n")[0]
            told.append(f"  {outcome}: {suite}.{case.get('name')}: {reason[:160]}")
    total = sum(counts.values(), Counter[str]())
    return [*_rows(counts), *told], total["passed"] > 0 and not total["failed"]
