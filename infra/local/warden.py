"""Outlives the process that started it, then ends everything that carries its mark.

The owner holds the other end of the warden's standard input. When the owner ends, however it ends, the pipe closes.
"""

import argparse
import os
import signal
import subprocess
import sys

from infra.local.sweep import ROLE, WARDEN, Mark, sweep


def start(mark: Mark) -> subprocess.Popen[bytes]:
    """Start a warden that outlives this process; keep the result, and close its `stdin` when all is stopped."""
    command = [sys.executable, "-m", "infra.local.warden", mark.name, mark.value]
    env = {**os.environ, mark.name: mark.value, ROLE: WARDEN}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, start_new_session=True, bufsize=0
    )


def dismiss(warden: subprocess.Popen[bytes]) -> None:
    """Let the warden do its last look round, and wait for it."""
    if warden.stdin is not None:
        warden.stdin.close()
    warden.wait()


def main() -> int:
    """Wait for the owner's end, then sweep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("value")
    chosen = parser.parse_args()
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdin.buffer.read()
    sweep(Mark(chosen.name, chosen.value))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
