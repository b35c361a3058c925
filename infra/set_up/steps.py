"""One step of set-up: a line that says what is done and how long it took, also where nobody sees a terminal."""

from __future__ import annotations  # set-up runs on Python 3.9

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra.set_up.files import ROOT

SILENT_AT_MOST_S = 15.0


class SetUpFailed(Exception):
    """Says in one sentence what is missing or wrong, and what repairs it."""


def say(text: str) -> None:
    """Write a line at once: a pipe would hold it back."""
    _write(f"setup: {text}\n")


@contextmanager
def timed(title: str) -> Iterator[float]:
    """Say what is done, and how long it took; yields when it began."""
    _write(f"setup: {title} ... ")
    began = time.monotonic()
    try:
        yield began
    except BaseException:
        _write("failed\n")
        raise
    _write(f"{time.monotonic() - began:.1f} s\n")


def step(title: str, command: list[str], env: dict[str, str], on_failure: str) -> None:
    """Run one command, saying now and then that it still runs; show its output only when it fails."""
    output = ""
    try:
        with timed(title) as began:
            code, output = _run(command, env, title, began)
            if code:
                raise SetUpFailed(on_failure)
    except SetUpFailed:
        _write(output[-4000:])
        raise


def _run(command: list[str], env: dict[str, str], title: str, began: float) -> tuple[int, str]:
    """Return exit code and output; a command that cannot be started has failed, too."""
    out, err = subprocess.PIPE, subprocess.STDOUT
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=out,
            stderr=err,
            text=True,
            errors="replace",
            close_fds=False,  # it keeps the lock: whoever comes after a killed set-up waits for what that left at work
        )
    except OSError as error:
        return 127, f"{error}\n"
    output = _output(process, title, began)
    return process.returncode, output


def _output(process: subprocess.Popen[str], title: str, began: float) -> str:
    try:
        while True:
            try:
                return process.communicate(timeout=SILENT_AT_MOST_S)[0]
            except subprocess.TimeoutExpired:
                _write(f"\nsetup: {title}: still running after {time.monotonic() - began:.0f} s ... ")
    finally:
        process.kill()  # only after Ctrl-C is there anything left to end


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
