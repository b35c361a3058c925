"""What a check finds, and what would mend it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

type Verdict = Literal["ok", "warning", "broken"]
_WORST: tuple[Verdict, ...] = ("ok", "warning", "broken")


@dataclass(frozen=True, slots=True)
class Mend:
    """`perform` does what `words` say. It may be repeated, and raises `Moved` where things changed since the look."""

    words: str
    perform: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Finding:
    """`repair` is a command, or what to do in words; `mend` what `--fix` would do."""

    verdict: Verdict
    words: str
    repair: str = ""
    mend: Mend | None = field(default=None, compare=False)


def ok(words: str) -> Finding:
    return Finding("ok", words)


def warning(words: str, repair: str) -> Finding:
    return Finding("warning", words, repair)


def broken(words: str, repair: str, mend: Mend | None = None) -> Finding:
    return Finding("broken", words, repair, mend)


def worst(findings: list[Finding]) -> Verdict:
    return max((finding.verdict for finding in findings), key=_WORST.index, default="ok")
