"""How what was found is said: a line a check, more where more is wrong, and the repair beside it."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from function_app.operator.console import Grid, clean, table
from function_app.operator.doctor.examining import Examined
from function_app.operator.doctor.finding import Finding, Mend, Verdict
from function_app.operator.doctor.mending import Mended

_STYLES: dict[Verdict, str] = {"ok": "green", "warning": "yellow", "broken": "bold red"}


def examined_table(examined: Sequence[Examined], wide: bool = False) -> Grid:
    rows = [_row(each, finding) for each in examined for finding in each.findings]
    return table([("", {"no_wrap": True}), ("check", {"no_wrap": True}), "finding", "repair"], rows, wide)


def _row(each: Examined, finding: Finding) -> list[object]:
    return [
        Text(finding.verdict, style=_STYLES[finding.verdict]),
        each.check.name,
        finding.words,
        finding.repair or "-",
    ]


def summary(examined: Sequence[Examined]) -> str:
    """`all well: 13 checks`, or how many are what."""
    wrong = [each for each in examined if each.verdict == "broken"]
    doubtful = [each for each in examined if each.verdict == "warning"]
    if not wrong:
        warned = f", {len(doubtful)} with warnings" if doubtful else ""
        return f"all well: {len(examined)} checks{warned}"
    return f"broken: {', '.join(each.check.name for each in wrong)} ({len(examined)} checks)"


def plan_words(mends: Sequence[Mend]) -> str:
    return "\n".join(f"{number}. {clean(mend.words)}" for number, mend in enumerate(mends, 1))


def mended_words(done: Mended) -> str:
    return f"{done.words}: not done: {done.failure}" if done.failure else f"done: {done.words}"


def examined_json(each: Examined) -> dict[str, Any]:
    found = [
        {"verdict": finding.verdict, "finding": finding.words, "repair": finding.repair or None,
         "fix": finding.mend.words if finding.mend else None}
        for finding in each.findings
    ]  # fmt: skip
    return {"check": each.check.name, "tried": each.check.tried, "verdict": each.verdict, "findings": found}


def mended_json(done: Mended) -> dict[str, Any]:
    return {"fix": done.words, "done": not done.failure, "reason": done.failure or None}
