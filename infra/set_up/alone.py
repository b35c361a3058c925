"""One set-up at a time: two that install into one folder would break it for both."""

from __future__ import annotations  # set-up runs on Python 3.9

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from infra.set_up.files import ROOT
from infra.set_up.steps import SILENT_AT_MOST_S, say

LOCK = ROOT / ".setup-lock"
LOOK_EVERY_S = 0.1


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other set-up runs in this folder, nor anything that a killed one has left at work.

    The system ends the lock with the last process that has it: ours, and the commands that its steps run.
    """
    with LOCK.open("a+") as lock:
        os.set_inheritable(lock.fileno(), True)
        _wait_for(lock)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _wait_for(lock: IO[str]) -> None:
    began, said = time.monotonic(), float("-inf")
    while not _is_ours(lock):
        now = time.monotonic()
        if now - said >= SILENT_AT_MOST_S:
            waited = f" for {now - began:.0f} s" if said > 0 else ""
            say(f"another set-up runs in this folder (process {_holder(lock)}), waiting{waited}")
            said = now
        time.sleep(LOOK_EVERY_S)


def _is_ours(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read() or "?"
