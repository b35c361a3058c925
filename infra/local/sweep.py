"""Find and end every process that carries a mark in its environment, whoever started it and whatever crashed since.

A mark is inherited by children of children, so it finds what process ids in a file and process groups cannot.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

RUN_MARK = "SLUICE_RUN_DIR"
SESSION_MARK = "SLUICE_SESSION"
ROLE = "SLUICE_PROCESS"

SUPERVISOR, WARDEN, AZURITE = "supervisor", "warden", "azurite"

# The supervisor ends its children in order; Azurite writes down what it holds in memory, so it is given time.
SUPERVISOR_PATIENCE_S, PATIENCE_S, AZURITE_PATIENCE_S = 75.0, 10.0, 30.0


@dataclass(frozen=True)
class Mark:
    """An environment variable and its value."""

    name: str
    value: str


def marked(mark: Mark) -> dict[psutil.Process, str]:
    """Return the living processes with this mark and their roles, without this process and its ancestors."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = {}
    for process in psutil.process_iter():
        environment = _environment(process)
        if process.pid not in own and environment.get(mark.name) == mark.value:
            found[process] = environment.get(ROLE, "")
    return found


def _environment(process: psutil.Process) -> dict[str, str]:
    """Return nothing for processes of others, for those that just ended, and for those that wait to be reaped."""
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except (psutil.Error, OSError):
        return {}


def sweep(mark: Mark) -> list[str]:
    """End everything with this mark; return what was ended, by role or command, for a person to read."""
    ended: list[str] = []
    supervisors = [process for process, role in marked(mark).items() if role == SUPERVISOR]
    ended += end(supervisors, SUPERVISOR_PATIENCE_S)
    ended += end((process for process, role in marked(mark).items() if role not in (AZURITE, WARDEN)), PATIENCE_S)
    ended += end((process for process, role in marked(mark).items() if role == AZURITE), AZURITE_PATIENCE_S)
    end(marked(mark), PATIENCE_S)  # wardens, and what was born meanwhile
    return ended


def end(processes: Iterable[psutil.Process], patience_s: float) -> list[str]:
    """Ask with SIGTERM, wait, and kill what is still there; return the names of those that were alive."""
    asked: dict[psutil.Process, str] = {}
    for process in processes:
        name = describe(process)
        if name is not None and _signal(process, kill=False):
            asked[process] = name
    stubborn = _wait(list(asked), patience_s)
    for process in stubborn:
        _signal(process, kill=True)
    _wait(stubborn, PATIENCE_S)
    return list(asked.values())


def runs(process_id: int | None) -> bool:
    """Tell whether a process of this id runs; one that only waits to be reaped does not."""
    try:
        return process_id is not None and psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait(processes: list[psutil.Process], patience_s: float) -> list[psutil.Process]:
    """Wait until all have ended, reaping none of them: their parents want to know how. Return those that still run."""
    deadline = time.monotonic() + patience_s
    while processes and time.monotonic() < deadline:
        time.sleep(0.02)
        processes = [process for process in processes if runs(process.pid) and process.is_running()]
    return processes


def describe(process: psutil.Process) -> str | None:
    """Return role (or command) and process id; nothing for a process that has ended."""
    try:
        name = process.environ().get(ROLE) or " ".join(process.cmdline())[:80]
    except (psutil.Error, OSError):
        return None
    return f"{name} (process {process.pid})"


def _signal(process: psutil.Process, *, kill: bool) -> bool:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return False
    return True
