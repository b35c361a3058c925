"""Why a program ended, in the one line of its log that says so, and what repairs it."""

import re
from pathlib import Path

# `Error: ...` above Node's stack, `module.Name: ...` below Python's.
_ERROR = re.compile(r"[A-Za-z_][\w.]*(?: \[\w+\])?: \S")
_NO_ERROR = re.compile(r"---|(?:DEBUG|INFO|WARNING)\b")
_READ_AT_MOST = 64 * 1024

_REPAIRS = {
    r"Cannot find module": "Repair it with: rm -rf node_modules && make setup",
    r"ModuleNotFoundError|ImportError": "Repair it with: rm -rf .venv && make setup",
    r"EADDRINUSE|[Aa]ddress already in use": "Start it again: it then takes ports that are free",
    r"ENOSPC|No space left": "Make room on the disk and start it again",
}


def of(log: Path) -> str:
    """Return the last line that names an error, or else the last one that says anything, as a sentence."""
    lines = [line for line in _end_of(log).splitlines() if line.strip() and not _NO_ERROR.match(line)]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or ["it said nothing"])[-1].strip().rstrip(".")


def repair(reason: str) -> str:
    """Return what a person can do about it, if that is known."""
    return next((repair for pattern, repair in _REPAIRS.items() if re.search(pattern, reason)), "")


def _end_of(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as opened:
        opened.seek(max(0, log.stat().st_size - _READ_AT_MOST))
        return opened.read().decode(errors="replace")
